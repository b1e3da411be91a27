//! The HTTP client of all tests: HTTP/1.1, one connection per request, no redirects, no cookies, no proxy.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use bytes::Bytes;
pub use http::{HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use tokio::time::timeout;

use crate::{DEADLINE, SseStream};

/// A browser's `user-agent`: requests of crawlers are not counted.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) HorizonTests/1.0";

/// A complete response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} without JSON: {}", self.status, self.text()))
    }

    /// Returns a header field as text, or an empty text if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.as_bytes());
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    }

    /// Returns the name and value of the cookie that the response sets, or an empty text.
    #[must_use]
    pub fn cookie(&self) -> String {
        let cookie = self.header("set-cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }
}

/// Sends a request and reads the complete response.
///
/// # Errors
/// The connection fails, or the response is not complete within [`DEADLINE`].
pub async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> anyhow::Result<Response> {
    let what = format!("{method} {path}");
    let response = async {
        let response = request(address, method, path, headers, body.into())?.send().await?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?,
        })
    };
    let response = timeout(DEADLINE, response).await;
    response
        .with_context(|| format!("no response within {DEADLINE:?}"))
        .flatten()
        .context(what)
}

/// Sends a `GET` request and reads the complete response.
///
/// # Errors
/// Those of [`send`].
pub async fn get(address: SocketAddr, path: &str) -> anyhow::Result<Response> {
    send(address, Method::GET, path, &[], Bytes::new()).await
}

/// Sends a `GET` request and returns the response without reading its body.
///
/// # Errors
/// The connection fails, there is no response within [`DEADLINE`], or its status is not 200.
pub async fn open_stream(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<SseStream> {
    let opened = async {
        let response = request(address, Method::GET, path, headers, Bytes::new())?
            .send()
            .await?;
        ensure!(
            response.status() == StatusCode::OK,
            "the status is {}",
            response.status()
        );
        Ok(SseStream::new(response))
    };
    let opened = timeout(DEADLINE, opened).await;
    opened
        .with_context(|| format!("no response within {DEADLINE:?}"))
        .flatten()
        .with_context(|| format!("GET {path}"))
}

/// Sends a request and returns the status without reading the body, which may never end.
///
/// # Errors
/// The connection fails, or there is no response within [`DEADLINE`].
pub async fn status(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> anyhow::Result<StatusCode> {
    let request = request(address, method, path, headers, Bytes::new())?;
    let response = timeout(DEADLINE, request.send()).await;
    Ok(response
        .with_context(|| format!("{path}: no response within {DEADLINE:?}"))??
        .status())
}

fn request(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> anyhow::Result<reqwest::RequestBuilder> {
    let client = reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .user_agent(USER_AGENT)
        .build()?;
    let url = format!("http://{address}{path}");
    let parsed = url::Url::parse(&url)?;
    ensure!(
        parsed.as_str() == url,
        "the client would send {parsed}: use `raw::exchange`"
    );
    let mut request = client.request(method, parsed).body(body);
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request)
}

/// Returns the texts of the elements with this `data-horizon` attribute. Elements inside them are not searched.
#[must_use]
pub fn texts_of(page: &str, hook: &str) -> Vec<String> {
    let attribute = format!("data-horizon=\"{hook}\"");
    let elements = page.split(&attribute).skip(1).filter_map(|rest| rest.split_once('>'));
    elements
        .map(|(_, rest)| rest.split('<').next().unwrap_or_default().trim().to_owned())
        .collect()
}
