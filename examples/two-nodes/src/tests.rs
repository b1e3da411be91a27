use eventhorizon::{Caller, Identity};
use horizon_redis::testing::RedisServer;
use horizon_test_support::http::{self, Method};

use super::*;

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");
const ADA: (&str, &str) = ("x-user", "ada");

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

/// A node that names its readers by a header.
async fn node_with_users(
    redis: &str,
    name: &str,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result {
    let by_header = |caller: &Caller| match caller.headers().get("x-user").and_then(|user| user.to_str().ok()) {
        Some(user) => Identity::named(user),
        None => Identity::unknown(),
    };
    let horizon = Horizon::from_urls(redis, redis)?
        .node_name(NodeId::new(name)?)
        .identify(by_header)
        .start(is_page)
        .await?;
    let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    Ok(horizon_axum::serve(listener, app, Limits::default(), stop, &horizon).await?)
}

#[tokio::test]
async fn a_like_on_one_node_reaches_the_streams_of_the_reader_on_the_other() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let (url, (stop, stopped)) = (redis.url(), watch::channel(false));
    let listeners = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let [first, second] = [&listeners[0], &listeners[1]].map(|listener| listener.local_addr().unwrap());
    let [first_listener, second_listener] = listeners;
    let site = try_join3(
        node_with_users(&url, "web-1", first_listener, wait_for(stopped.clone())),
        node_with_users(&url, "web-2", second_listener, wait_for(stopped.clone())),
        accumulator(&url, wait_for(stopped)),
    );
    let readers = async {
        let mut on_first = http::open_stream(first, "/horizon/live/bread", &[FIREFOX, ADA])
            .await
            .unwrap();
        on_first
            .read_until("event: reader\ndata: {\"liked\":false}")
            .await
            .unwrap();
        for (method, liked) in [(Method::PUT, true), (Method::DELETE, false), (Method::PUT, true)] {
            let like = http::send(second, method, "/horizon/likes/bread", &[SAFARI, ADA], "");
            like.await.unwrap();
            let event = format!("event: reader\ndata: {{\"liked\":{liked}}}");
            on_first.read_until(&event).await.unwrap();
        }
        stop.send_replace(true);
    };
    let (site, ()) = futures::future::join(site, readers).await;
    site.unwrap();
}
