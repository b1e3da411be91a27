//! A small HTTP client: one connection a request, nothing followed, nothing kept.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
pub use http::Method;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

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
    let request = request(address, &method, path, headers, body.into())?;
    let answer = timeout(DEADLINE, exchange(address, request));
    answer
        .await
        .context("no answer in time")
        .flatten()
        .with_context(|| format!("{method} {path}"))
}

fn request(
    address: SocketAddr,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> anyhow::Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address.to_string());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        request = request.header("user-agent", USER_AGENT);
    }
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(body))?)
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

/// An answer that goes on, line by line. The connection is closed when this is dropped.
#[derive(Debug)]
pub struct Lines {
    body: Incoming,
    read: Vec<u8>,
    _connection: JoinSet<()>,
}

/// Opens an answer that does not end, such as a live stream.
///
/// # Errors
/// The connection's, no answer within [`DEADLINE`], or one that is not 200.
pub async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Lines> {
    let request = request(address, &Method::GET, path, headers, Bytes::new())?;
    let opened = timeout(DEADLINE, async {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut task = JoinSet::new();
        // How it ends shows in the body.
        task.spawn(async { drop(connection.await) });
        let answer = sender.send_request(request).await?;
        ensure!(answer.status() == StatusCode::OK, "the answer is {}", answer.status());
        Ok(Lines {
            body: answer.into_body(),
            read: Vec::new(),
            _connection: task,
        })
    });
    opened
        .await
        .context("no answer in time")
        .flatten()
        .with_context(|| format!("GET {path}"))
}

impl Lines {
    /// The next line without its end; nothing once the answer has ended.
    ///
    /// # Errors
    /// The connection's.
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            match self.body.frame().await.transpose()? {
                Some(frame) => self.read.extend(frame.into_data().unwrap_or_default()),
                None => return Ok(None),
            }
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
