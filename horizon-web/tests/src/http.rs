//! A small HTTP client: one connection a request, nothing followed, nothing kept.

use std::net::SocketAddr;

use anyhow::Context;
pub use http::Method;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use crate::DEADLINE;

/// What the client says it is: a browser, because robots are not counted.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) HorizonTests/1.0";

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} with no JSON: {}", self.status, self.text()))
    }

    /// A header field as text, empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.as_bytes());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// The connection's, or no answer within [`DEADLINE`].
pub async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> anyhow::Result<Answer> {
    let mut request = Request::builder()
        .method(&method)
        .uri(path)
        .header("host", address.to_string());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        request = request.header("user-agent", USER_AGENT);
    }
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body.into()))?;
    let answer = timeout(DEADLINE, exchange(address, request));
    answer
        .await
        .context("no answer in time")
        .flatten()
        .with_context(|| format!("{method} {path}"))
}

async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        anyhow::Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    };
    tokio::pin!(connection, exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        ended = &mut connection => {
            ended?;
            exchange.await
        }
    }
}

/// Reads a page or a file.
///
/// # Errors
/// Those of [`send`].
pub async fn get(address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    send(address, Method::GET, path, &[], Bytes::new()).await
}

/// The texts of the elements with this hook in a page's HTML, as far as they hold text alone.
#[must_use]
pub fn text_of(page: &str, hook: &str) -> Vec<String> {
    let attribute = format!("data-horizon=\"{hook}\"");
    let behind = page.split(&attribute).skip(1).filter_map(|rest| rest.split_once('>'));
    behind
        .map(|(_, rest)| rest.split('<').next().unwrap_or_default().trim().to_owned())
        .collect()
}
