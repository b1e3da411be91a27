use horizon_redis::testing::RedisServer;
use horizon_test_support::http::{self, Method};

use super::*;

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");

#[tokio::test]
async fn both_nodes_show_the_viewers_and_likes_of_both() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let listeners = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let [first, second] = [&listeners[0], &listeners[1]].map(|listener| listener.local_addr().unwrap());
    let (stop, stopped) = watch::channel(false);
    let url = redis.url();
    let site = run(&url, listeners, stopped);
    let readers = async {
        let live = "/horizon/live/bread";
        let mut ada = http::open_stream(first, live, &[FIREFOX]).await.unwrap();
        ada.read_until("{\"viewers\":1,").await.unwrap();
        let mut ben = http::open_stream(second, live, &[SAFARI]).await.unwrap();
        ben.read_until("{\"viewers\":2,").await.unwrap();
        ada.read_until("{\"viewers\":2,").await.unwrap();
        let like = http::send(second, Method::PUT, "/horizon/likes/bread", &[SAFARI], "")
            .await
            .unwrap();
        assert_eq!(like.text(), "{\"liked\":true,\"likes\":1}");
        ada.read_until("\"likes\":1").await.unwrap();
        drop(ben);
        ada.read_until("{\"viewers\":1,\"visits\":2,\"likes\":1").await.unwrap();
        stop.send_replace(true);
    };
    let (site, ()) = futures::future::join(site, readers).await;
    site.unwrap();
}
