//! An HTTP client for tests: one connection for each request, and no implicit headers.

use std::net::SocketAddr;

use axum::body::Bytes;
use horizon_core::wire::PageStats;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::site::PATIENCE;

pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    pub(crate) headers: HeaderMap,
}

pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let headers = HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(FIREFOX))]);
        Self { address, headers }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// Another browser.
    pub(crate) fn agent(self, number: usize) -> Self {
        self.with("user-agent", &format!("{FIREFOX} {number}"))
    }

    /// Returns a client with the cookie of a response.
    pub(crate) fn keep_cookie(self, response: &TestResponse) -> Self {
        let cookie = response.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.with("cookie", &cookie)
    }

    async fn start(&self, method: &str, path: &str, body: Vec<u8>) -> http::Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let path = format!("/horizon{path}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "blog.example");
        let mut request = request.body(Full::new(Bytes::from(body))).unwrap();
        request.headers_mut().extend(self.headers.clone());
        timeout(PATIENCE, sender.send_request(request))
            .await
            .expect("no response in time")
            .unwrap()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
        let (head, body) = self.start(method, path, body.into()).await.into_parts();
        let body = timeout(PATIENCE, body.collect())
            .await
            .expect("no body in time")
            .unwrap();
        TestResponse {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_bytes().to_vec()).unwrap(),
        }
    }

    /// Returns only the status, for a response that may not end.
    pub(crate) async fn status(&self, method: &str, path: &str) -> StatusCode {
        self.start(method, path, Vec::new()).await.status()
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, "").await
    }

    pub(crate) async fn json(&self, path: &str, body: &Value) -> TestResponse {
        let client = self.clone().with("content-type", "application/json");
        client.send("POST", path, body.to_string()).await
    }

    /// Sends a plain form, as a browser does.
    pub(crate) async fn form(&self, path: &str, body: &str) -> TestResponse {
        let client = self.clone().with("content-type", "application/x-www-form-urlencoded");
        let client = client.with("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        client.send("POST", path, body).await
    }

    /// Opens a live stream.
    pub(crate) async fn live(&self, path: &str) -> Live {
        let response = self.start("GET", path, Vec::new()).await;
        assert_eq!(response.status(), 200);
        Live {
            headers: response.headers().clone(),
            body: response.into_body(),
            read: String::new(),
        }
    }

    pub(crate) async fn numbers(&self, path: &str) -> PageStats {
        self.get(path).await.read()
    }
}

impl TestResponse {
    #[track_caller]
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// Checks that the body is a problem document, and returns its status, the last part of its type, and its field.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, Option<String>) {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}",
            self.body
        );
        let document: Value = self.read();
        assert_eq!(document["status"], self.status.as_u16());
        assert!(document["title"].is_string());
        let name = document["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:horizon:problem:")
            .unwrap();
        let field = document["field"].as_str().map(str::to_owned);
        (self.status.as_u16(), name.to_owned(), field)
    }
}

/// An open live stream.
pub(crate) struct Live {
    pub(crate) headers: HeaderMap,
    body: Incoming,
    read: String,
}

/// A server-sent event.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) data: String,
    pub(crate) id: String,
    pub(crate) retry: String,
}

impl Live {
    /// Returns the next message, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let mut message = Message::default();
                for line in block.lines() {
                    let (name, value) = line.split_once(": ").unwrap();
                    match name {
                        "event" => message.event = value.into(),
                        "data" => message.data = value.into(),
                        "id" => message.id = value.into(),
                        "retry" => message.retry = value.into(),
                        other => panic!("unknown field {other}"),
                    }
                }
                self.read = rest.to_owned();
                return Some(message);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("no frame in time")?;
            let bytes = frame.unwrap().into_data().unwrap();
            self.read.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// Reads until a message with this name satisfies the condition.
    pub(crate) async fn until<T: serde::de::DeserializeOwned>(&mut self, name: &str, holds: impl Fn(&T) -> bool) -> T {
        let mut seen = Vec::new();
        let found = timeout(PATIENCE, async {
            loop {
                let message = self.next().await.expect("the stream ended");
                if message.event == name {
                    let data = serde_json::from_str(&message.data).unwrap();
                    if holds(&data) {
                        return data;
                    }
                }
                seen.push(message);
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => panic!("{name} did not come, but {seen:?}"),
        }
    }

    pub(crate) async fn viewers(&mut self, viewers: u64) -> PageStats {
        self.until("live", |numbers: &PageStats| numbers.viewers == viewers)
            .await
    }
}

/// Sends raw bytes, and returns everything that the server sends until it closes the connection.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that responses early may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut response = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut response))
        .await
        .expect("the server did not close");
    String::from_utf8_lossy(&response).into_owned()
}
