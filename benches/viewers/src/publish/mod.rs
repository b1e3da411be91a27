//! Says something to the server, for the viewers to see.

mod connections;
mod pace;

use std::{str::FromStr, sync::Arc};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::{connections::Publisher, pace::Pace};

/// The size of a published message, in bytes.
pub const MESSAGE: usize = 150;

/// What the server's messages are, and so what counts as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublishKind {
    /// The server sends on each message as it is: every one counts.
    Post,
    /// The server sends the latest numbers: the last ones count.
    Like,
}

/// Where to publish: `post:URL` or `like:URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What is said.
    pub kind: PublishKind,
    /// To where.
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
            url: url.parse().with_context(|| format!("{url} is no URL"))?,
        })
    }
}

/// One request to publish and what came of it. Times are in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Just before the request was written.
    pub sent: u64,
    /// When the answer was complete.
    pub answered: u64,
    /// What the answer was.
    pub outcome: PublishOutcome,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It was accepted, and is seen with this number or a greater one.
    Accepted(u64),
    /// It was answered with another status.
    Refused(u16),
    /// There was no answer.
    Broken,
    /// It was not sent, because too many requests were in flight.
    Unsent,
}

impl Publication {
    /// The number under which it is seen.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self.outcome {
            PublishOutcome::Accepted(number) => Some(number),
            _ => None,
        }
    }
}

/// The message with this number, with padding up to its size.
fn message(number: u64) -> String {
    let start = format!("{{\"n\":{number},\"pad\":\"");
    let pad = MESSAGE.saturating_sub(start.len() + 2);
    format!("{start}{}\"}}", "x".repeat(pad))
}

/// A publisher or the sentence that there is none.
///
/// # Errors
/// When nothing was said about publishing, or the URL is no good.
pub fn publisher(destination: Option<&Destination>, connections: usize) -> anyhow::Result<Arc<Publisher>> {
    let destination = destination.context("this scenario needs --publish post:URL or --publish like:URL")?;
    Ok(Arc::new(Publisher::new(destination, connections)?))
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
    fn a_destination_says_what_and_where() {
        let destination: Destination = "like:http://127.0.0.1:3000/horizon/likes/hello".parse().unwrap();
        assert_eq!(destination.kind, PublishKind::Like);
        assert_eq!(destination.url.path(), "/horizon/likes/hello");
        assert!("http://127.0.0.1/".parse::<Destination>().is_err());
    }
}
