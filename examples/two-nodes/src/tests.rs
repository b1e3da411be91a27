use std::{net::SocketAddr, time::Duration};

use horizon_redis::testing::RedisServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::*;

async fn ask(node: SocketAddr, request: &str, browser: &str) -> TcpStream {
    let mut stream = TcpStream::connect(node).await.unwrap();
    let request =
        format!("{request} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {browser}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until `text` arrives.
async fn until(stream: &mut TcpStream, text: &str) {
    let (mut read, mut buffer) = (String::new(), [0; 1024]);
    let reading = async {
        while !read.contains(text) {
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "the stream ended after {read}");
            read.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    let has_arrived = timeout(Duration::from_secs(30), reading).await.is_ok();
    assert!(has_arrived, "{text} did not arrive, but {read}");
}

#[tokio::test]
async fn viewers_of_both_nodes_and_a_like_on_one_appear_on_both() {
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
        let mut ada = ask(first, "GET /horizon/live/bread", "Firefox").await;
        until(&mut ada, "{\"viewers\":1,").await;
        let mut ben = ask(second, "GET /horizon/live/bread", "Safari").await;
        until(&mut ben, "{\"viewers\":2,").await;
        until(&mut ada, "{\"viewers\":2,").await;
        let mut like = ask(second, "PUT /horizon/likes/bread", "Safari").await;
        until(&mut like, "{\"liked\":true,\"likes\":1}").await;
        until(&mut ada, "\"likes\":1").await;
        drop(ben);
        until(&mut ada, "{\"viewers\":1,\"visits\":2,\"likes\":1").await;
        stop.send_replace(true);
    };
    let (site, ()) = futures::future::join(site, readers).await;
    site.unwrap();
}
