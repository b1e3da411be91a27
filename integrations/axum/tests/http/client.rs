use std::net::SocketAddr;

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use horizon_core::wire::PageStats;
use horizon_test_support::{
    SseEvent, SseStream,
    http::{self, Method},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::site::PATIENCE;

pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// A browser that sends the same header fields with each request, to paths below `/horizon`.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    pub(crate) headers: HeaderMap,
}

/// A response with its body as text.
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let headers = HeaderMap::from_iter([
            (header::USER_AGENT, HeaderValue::from_static(FIREFOX)),
            (header::HOST, HeaderValue::from_static("blog.example")),
        ]);
        Self { address, headers }
    }

    /// Adds or replaces a header field.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// Sets the user agent of another browser.
    pub(crate) fn agent(self, number: usize) -> Self {
        self.with("user-agent", &format!("{FIREFOX} {number}"))
    }

    /// Keeps the cookie of a response, as a browser does.
    pub(crate) fn keep_cookie(self, response: &TestResponse) -> Self {
        let cookie = response.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        self.with("cookie", &cookie)
    }

    fn header_fields(&self) -> Vec<(&str, &str)> {
        let fields = self.headers.iter();
        fields
            .map(|(name, value)| (name.as_str(), str::from_utf8(value.as_bytes()).unwrap()))
            .collect()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
        let (method, path) = (method.parse().unwrap(), format!("/horizon{path}"));
        let headers = self.header_fields();
        let response = http::send(self.address, method, &path, &headers, body.into());
        let response = response.await.unwrap();
        TestResponse {
            status: response.status,
            body: response.text(),
            headers: response.headers,
        }
    }

    /// Returns the status without reading the body, which may never end.
    pub(crate) async fn status(&self, method: &str, path: &str) -> StatusCode {
        let (method, path): (Method, _) = (method.parse().unwrap(), format!("/horizon{path}"));
        let headers = self.header_fields();
        let status = http::status(self.address, method, &path, &headers);
        status.await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, "").await
    }

    pub(crate) async fn json(&self, path: &str, body: &Value) -> TestResponse {
        let client = self.clone().with("content-type", "application/json");
        client.send("POST", path, body.to_string()).await
    }

    /// Submits a form as a browser without scripts does.
    pub(crate) async fn form(&self, path: &str, body: &str) -> TestResponse {
        let client = self.clone().with("content-type", "application/x-www-form-urlencoded");
        let client = client.with("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        client.send("POST", path, body).await
    }

    /// Opens a live stream.
    pub(crate) async fn live(&self, path: &str) -> LiveConnection {
        let path = format!("/horizon{path}");
        let stream = http::open_stream(self.address, &path, &self.header_fields())
            .await
            .unwrap();
        LiveConnection {
            headers: stream.headers().clone(),
            stream,
        }
    }

    pub(crate) async fn numbers(&self, path: &str) -> PageStats {
        self.get(path).await.read()
    }
}

impl TestResponse {
    #[track_caller]
    pub(crate) fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// Checks that the body is a problem document. Returns its status, the last part of its type, and its field.
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
pub(crate) struct LiveConnection {
    pub(crate) headers: HeaderMap,
    stream: SseStream,
}

impl LiveConnection {
    /// Returns the next event, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<SseEvent> {
        timeout(PATIENCE, self.stream.next_event())
            .await
            .expect("no event in time")
            .unwrap()
    }

    /// Reads until the data of an event with this name fulfils the condition.
    pub(crate) async fn until<T: DeserializeOwned>(&mut self, name: &str, holds: impl Fn(&T) -> bool) -> T {
        let mut seen = Vec::new();
        let found = timeout(PATIENCE, async {
            loop {
                let event = self.next().await.expect("the stream ended");
                if event.event == name {
                    let data = serde_json::from_str(&event.data).unwrap();
                    if holds(&data) {
                        return data;
                    }
                }
                seen.push(event);
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => panic!("no such event {name} in time, but {seen:?}"),
        }
    }

    pub(crate) async fn viewers(&mut self, viewers: u64) -> PageStats {
        self.until("live", |numbers: &PageStats| numbers.viewers == viewers)
            .await
    }
}
