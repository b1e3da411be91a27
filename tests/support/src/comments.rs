use std::net::SocketAddr;

use anyhow::{Context, ensure};
use http::Method;
use serde_json::json;

use crate::http;

/// How many comments one network writes. The server takes five at once, and two networks may share a number of its
/// limits, so that hundreds of them write only two each.
const OF_ONE_NETWORK: u32 = 2;

/// Writes comments on the post `hello`, each from a network of its own, as far as the server's limits want it.
///
/// The server has to trust `127.0.0.1/32` as a proxy.
#[derive(Debug)]
pub struct Writer {
    address: SocketAddr,
    written: u32,
}

impl Writer {
    /// A writer that has written nothing to this server.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, written: 0 }
    }

    /// Writes a comment, or a reply to `parent`, and returns its id.
    ///
    /// # Errors
    /// It is not taken.
    pub async fn writes(&mut self, body: &str, parent: Option<&str>) -> anyhow::Result<String> {
        let network = std::net::Ipv4Addr::from_bits(0x0a00_0000 + self.written / OF_ONE_NETWORK * 256).to_string();
        self.written += 1;
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", network.as_str()),
        ];
        let sent = json!({ "author": "Reader", "body": body, "parent": parent }).to_string();
        let answer = http::send(self.address, Method::POST, "/horizon/comments/hello", &headers, sent).await?;
        ensure!(
            answer.status == 201,
            "a comment got {} {}",
            answer.status,
            answer.text()
        );
        let written = answer.json()?;
        let id = written.get("id").and_then(serde_json::Value::as_str);
        Ok(id.context("a comment without an id")?.to_owned())
    }
}
