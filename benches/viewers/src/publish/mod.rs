//! Publishes messages.

mod connections;
mod pace;

use std::{str::FromStr, sync::Arc};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::{connections::PublishConnection, pace::Pace};

/// The size of a published message, in bytes.
pub const MESSAGE: usize = 150;

/// The kind of the server's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublishKind {
    /// The server forwards each message unchanged: every message counts.
    Post,
    /// The server sends the latest numbers: the last message counts.
    Like,
}

/// A kind and a URL to publish to: `post:URL` or `like:URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The kind of message.
    pub kind: PublishKind,
    /// The URL.
    pub url: Url,
}

impl FromStr for Destination {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (kind, url) = text.split_once(':').context("post:URL or like:URL is expected")?;
        let kind = match kind {
            "post" => PublishKind::Post,
            "like" => PublishKind::Like,
            other => bail!("{other}: is neither post: nor like:"),
        };
        Ok(Self {
            kind,
            url: url.parse().with_context(|| format!("{url} is not a URL"))?,
        })
    }
}

/// A publish request and its outcome. Times are in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedMessage {
    /// The time just before the request was written.
    pub sent: u64,
    /// The time at which the response was complete.
    pub answered: u64,
    /// The outcome.
    pub outcome: PublishOutcome,
}

/// The outcome of a publish request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Accepted. Viewers receive this number or a greater one.
    Accepted(u64),
    /// The response has another status.
    Refused(u16),
    /// There was no response.
    Broken,
    /// Not sent, because too many requests were in flight.
    Unsent,
}

impl PublishedMessage {
    /// Returns the number that viewers receive, if the message was accepted.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self.outcome {
            PublishOutcome::Accepted(number) => Some(number),
            _ => None,
        }
    }
}

/// Returns the message with this number, padded to its size.
fn message(number: u64) -> String {
    let start = format!("{{\"n\":{number},\"pad\":\"");
    let pad = MESSAGE.saturating_sub(start.len() + 2);
    format!("{start}{}\"}}", "x".repeat(pad))
}

/// Returns the publisher for the destination.
///
/// # Errors
/// The destination is missing, or its URL is invalid.
pub fn publisher(destination: Option<&Destination>, connections: usize) -> anyhow::Result<Arc<PublishConnection>> {
    let destination = destination.context("this scenario needs --publish post:URL or --publish like:URL")?;
    Ok(Arc::new(PublishConnection::new(destination, connections)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_number_and_its_size() {
        for number in [1, 17, 123_456] {
            let message = message(number);
            assert_eq!(message.len(), MESSAGE);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&message).unwrap()["n"],
                number
            );
        }
    }

    #[test]
    fn a_destination_is_a_kind_and_a_url() {
        let destination: Destination = "like:http://127.0.0.1:3000/horizon/likes/hello".parse().unwrap();
        assert_eq!(destination.kind, PublishKind::Like);
        assert_eq!(destination.url.path(), "/horizon/likes/hello");
        assert!("http://127.0.0.1/".parse::<Destination>().is_err());
    }
}
