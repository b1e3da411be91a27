//! Publishes over a bounded set of kept connections.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{net::TcpStream, sync::Semaphore};

use super::{Destination, PublishKind, PublishOutcome, PublishedMessage, message};
use crate::{
    client_addresses::{ClientAddresses, USER_AGENT, idempotency_key},
    clock::MonotonicClock,
    server,
};

/// The longest wait for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends publish requests over kept connections.
#[derive(Debug)]
pub struct PublishConnection {
    kind: PublishKind,
    address: SocketAddr,
    authority: String,
    path: String,
    next: AtomicU64,
    addresses: Mutex<ClientAddresses>,
    /// One permit per connection.
    free: Semaphore,
    /// Open connections that are not in use.
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// The response to a like.
#[derive(Deserialize)]
struct Likes {
    likes: u64,
}

impl PublishConnection {
    /// Creates a publisher with this many connections.
    ///
    /// # Errors
    /// The URL is not plain HTTP or has no host.
    pub fn new(destination: &Destination, connections: usize) -> anyhow::Result<Self> {
        Ok(Self {
            kind: destination.kind,
            address: server::address(&destination.url)?,
            authority: server::authority(&destination.url)?,
            path: server::path(&destination.url),
            next: AtomicU64::new(1),
            addresses: Mutex::new(ClientAddresses::for_likes()),
            free: Semaphore::new(connections),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Publishes one message that was due at `sent`. The wait for a connection is part of its latency.
    pub async fn publish(&self, clock: MonotonicClock, sent: u64) -> PublishedMessage {
        // The semaphore is never closed.
        let _permit = self.free.acquire().await;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let outcome = match self.connection().await {
            Err(_) => PublishOutcome::Broken,
            Ok(connection) => {
                let asking = tokio::time::timeout(RESPONSE_TIMEOUT, self.ask(connection, number));
                asking.await.ok().and_then(Result::ok).unwrap_or(PublishOutcome::Broken)
            }
        };
        PublishedMessage {
            sent,
            answered: clock.now(),
            outcome,
        }
    }

    async fn connection(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        while let Some(mut connection) = self.take_idle() {
            if connection.ready().await.is_ok() {
                return Ok(connection);
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        // Ends with its connection, which the publisher owns.
        tokio::spawn(driver);
        Ok(connection)
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn ask(&self, mut connection: SendRequest<Full<Bytes>>, number: u64) -> anyhow::Result<PublishOutcome> {
        let answer = connection.send_request(self.request(number)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        if !status.is_success() {
            return Ok(PublishOutcome::Refused(status.as_u16()));
        }
        match self.kind {
            PublishKind::Post => Ok(PublishOutcome::Accepted(number)),
            PublishKind::Like => {
                let Likes { likes } = serde_json::from_slice(&body).context("the response to a like is invalid")?;
                Ok(PublishOutcome::Accepted(likes))
            }
        }
    }

    fn request(&self, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let person = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next_address();
        let request = Request::builder()
            .uri(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, USER_AGENT)
            .header("x-forwarded-for", person.to_string());
        Ok(match self.kind {
            PublishKind::Post => request
                .method("POST")
                .header(header::CONTENT_TYPE, "text/plain")
                .body(Full::from(message(number)))?,
            PublishKind::Like => request
                .method("PUT")
                .header("idempotency-key", idempotency_key())
                .body(Full::default())?,
        })
    }
}
