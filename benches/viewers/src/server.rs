//! The measured server.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde::Serialize;
use url::Url;

use crate::{
    clock::MonotonicClock,
    publish::PublishKind,
    scan::{self, Pattern},
};

/// The protocol of a live stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Server-sent events over HTTP/1.1.
    #[default]
    Sse,
    /// Server-sent events over HTTP/2 with prior knowledge, on a connection for each viewer.
    Http2,
    /// A WebSocket.
    Ws,
    /// Engine.IO 4 over a WebSocket, without polling.
    Socketio,
}

/// The address of the server, and the pattern of its messages.
#[derive(Debug)]
pub struct TargetServer {
    /// Its address.
    pub address: SocketAddr,
    /// Host and port for the `Host` header.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The kind of its messages.
    pub kind: PublishKind,
    /// The clock of all measurements.
    pub clock: MonotonicClock,
}

impl TargetServer {
    /// Parses a URL and resolves its host.
    ///
    /// # Errors
    /// The URL is not plain HTTP or has no host, or the host has no address.
    pub fn new(url: &Url, protocol: Protocol, kind: PublishKind) -> anyhow::Result<Self> {
        Ok(Self {
            address: address(url)?,
            authority: authority(url)?,
            path: path(url),
            protocol,
            kind,
            clock: MonotonicClock::start(),
        })
    }

    /// Returns the pattern of its messages.
    #[must_use]
    pub fn pattern(&self) -> &'static Pattern {
        match self.kind {
            PublishKind::Like => &scan::LIVE,
            PublishKind::Post => &scan::NUMBERED,
        }
    }
}

/// Resolves the address of a URL.
///
/// # Errors
/// The URL is not plain HTTP or has no host, or the host has no address.
pub fn address(url: &Url) -> anyhow::Result<SocketAddr> {
    ensure!(
        matches!(url.scheme(), "http" | "ws"),
        "{url} is not http:// or ws://: TLS is not measured here"
    );
    let addresses = url
        .socket_addrs(|| Some(80))
        .with_context(|| format!("{url} leads nowhere"))?;
    let v4 = addresses.iter().find(|address| address.is_ipv4());
    v4.or(addresses.first())
        .copied()
        .with_context(|| format!("{url} leads nowhere"))
}

/// Returns host and port of a URL.
///
/// # Errors
/// The URL has no host.
pub fn authority(url: &Url) -> anyhow::Result<String> {
    let host = url.host_str().with_context(|| format!("{url} has no host"))?;
    Ok(url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Returns path and query of a URL.
#[must_use]
pub fn path(url: &Url) -> String {
    url.query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
