use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::*;
use crate::horizon::end;

async fn ask(address: SocketAddr, request: &str, browser: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {browser}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until this comes.
async fn until(stream: &mut TcpStream, text: &str) {
    let (mut read, mut buffer) = (String::new(), [0; 1024]);
    let reading = async {
        while !read.contains(text) {
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "the stream ended after {read}");
            read.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    let came = timeout(Duration::from_secs(30), reading).await.is_ok();
    assert!(came, "{text} did not come, but {read}");
}

#[actix_web::test]
async fn readers_likes_and_comments_show_on_a_page_of_actix() {
    let horizon = Horizon::in_memory().start(is_page).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = serve(listener, &horizon).unwrap();
    let handle = server.handle();
    let served = actix_web::rt::spawn(server);

    until(
        &mut ask(address, "GET /bread", "Firefox", "").await,
        "data-slug=\"bread\"",
    )
    .await;
    until(&mut ask(address, "GET /cake", "Firefox", "").await, "404 Not Found").await;
    until(
        &mut ask(address, "GET /horizon/client.js", "Firefox", "").await,
        "EventSource",
    )
    .await;

    let mut first = ask(address, "GET /horizon/live/bread", "Firefox", "").await;
    until(&mut first, "event: live\ndata: {\"viewers\":1").await;
    let second = ask(address, "GET /horizon/live/bread", "Safari", "").await;
    until(&mut first, "event: live\ndata: {\"viewers\":2").await;
    let mut like = ask(address, "PUT /horizon/likes/bread", "Safari", "").await;
    until(&mut like, "{\"liked\":true,\"likes\":1}").await;
    until(&mut first, "\"likes\":1").await;
    let words = r#"{"author":"Ada","body":"Well *said*"}"#;
    let mut comment = ask(address, "POST /horizon/comments/bread", "Safari", words).await;
    until(&mut comment, "201 Created").await;
    until(&mut first, "<p>Well <em>said</em></p>").await;
    until(
        &mut ask(address, "GET /horizon/stats/bread", "Firefox", "").await,
        "\"comments\":1}",
    )
    .await;
    let mut empty = ask(address, "POST /horizon/comments/bread", "Safari", r#"{"body":" "}"#).await;
    until(&mut empty, "\"field\":\"body\"").await;
    drop(second);
    until(&mut first, "event: live\ndata: {\"viewers\":1").await;

    end(&horizon, &handle).await.unwrap();
    served.await.unwrap().unwrap();
}
