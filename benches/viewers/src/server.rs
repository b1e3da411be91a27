//! The server that is measured, as its viewers know it.

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

/// How viewers talk to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Server-sent events over HTTP/1.1.
    #[default]
    Sse,
    /// A WebSocket, a message each.
    Ws,
    /// Engine.IO 4 over a WebSocket, without polling first.
    Socketio,
}

/// Where viewers connect, and what they look for.
#[derive(Debug)]
pub struct TargetServer {
    /// Its address.
    pub address: SocketAddr,
    /// Host and port, as the `Host` header has it.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// How to talk to it.
    pub protocol: Protocol,
    /// What its messages are.
    pub kind: PublishKind,
    /// What time it is.
    pub clock: MonotonicClock,
}

impl TargetServer {
    /// The server behind a URL.
    ///
    /// # Errors
    /// The URL is not plain HTTP, or its host has no address.
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

    /// What a message looks like.
    #[must_use]
    pub fn pattern(&self) -> &'static Pattern {
        match self.kind {
            PublishKind::Like => &scan::LIVE,
            PublishKind::Post => &scan::NUMBERED,
        }
    }
}

/// Where a URL leads.
///
/// # Errors
/// The URL is not plain HTTP, or its host has no address.
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

/// Host and port of a URL.
///
/// # Errors
/// When it has no host.
pub fn authority(url: &Url) -> anyhow::Result<String> {
    let host = url.host_str().with_context(|| format!("{url} has no host"))?;
    Ok(url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Path and query of a URL.
#[must_use]
pub fn path(url: &Url) -> String {
    url.query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
