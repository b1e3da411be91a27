use std::{collections::VecDeque, fmt, time::Duration};

use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream, Stream},
};
use serde_json::Value;
use tokio::time::timeout;

use crate::{Live, ResponseBody};

/// How long [`LiveEvents::wait_for`] waits: 30 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most events that a failed [`LiveEvents::wait_for`] shows: 5.
const MAX_SHOWN: usize = 5;

/// Reads the events of a live stream: of a [`Live`], a [`ResponseBody`], or any stream of bytes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use eventhorizon::{http::Request, testing::{LiveEvents, TestSite}};
///
/// let site = TestSite::start(["bread"]).await;
/// let request = Request::get("/live/bread").header("user-agent", "Firefox").body(String::new()).unwrap();
/// let response = site.horizon.handle([192, 0, 2, 1].into(), request).await;
/// let mut live = LiveEvents::from(response.into_body());
/// let first = live.next().await.unwrap();
/// assert_eq!((first.name.as_str(), &first.data["viewers"]), ("live", &1.into()));
/// # }
/// ```
pub struct LiveEvents {
    chunks: BoxStream<'static, Bytes>,
    /// The bytes after the last complete event.
    buffer: Vec<u8>,
}

/// An event of a live stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveEvent {
    /// The name, such as `live` or `comments`.
    pub name: String,
    /// The data. Text that is not JSON is a string.
    pub data: Value,
}

impl LiveEvents {
    /// Returns a reader of the body of a response, such as the data stream of an axum body.
    pub fn from_stream<B: Into<Bytes> + 'static>(chunks: impl Stream<Item = B> + Send + 'static) -> Self {
        Self {
            chunks: chunks.map(Into::into).boxed(),
            buffer: Vec::new(),
        }
    }

    /// Returns the next event, or `None` at the end of the stream. Skips comments and the reconnection time.
    pub async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            while let Some(block) = self.remove_block() {
                if let Some(event) = parse(&block) {
                    return Some(event);
                }
            }
            self.buffer.extend(self.chunks.next().await?);
        }
    }

    /// Waits for an event with this name whose data matches, and returns its data.
    ///
    /// # Panics
    /// The stream ends, or no event matches within 30 seconds. The message shows the last events.
    #[expect(clippy::panic, reason = "a test without the event fails")]
    pub async fn wait_for(&mut self, name: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let mut others = VecDeque::new();
        let found = timeout(PATIENCE, async {
            while let Some(event) = self.next().await {
                if event.name == name && matches(&event.data) {
                    return Some(event.data);
                }
                others.push_back(event);
                if others.len() > MAX_SHOWN {
                    others.pop_front();
                }
            }
            None
        });
        match found.await {
            Ok(Some(data)) => data,
            Ok(None) => panic!("the live stream ended without a matching event `{name}`, after {others:?}"),
            Err(_) => panic!("no matching event `{name}` within {PATIENCE:?}, after {others:?}"),
        }
    }

    /// Removes the bytes up to the next empty line and returns them.
    fn remove_block(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        Some(self.buffer.drain(..end + 2).collect())
    }
}

/// Parses a server-sent event (WHATWG HTML §9.2). Returns `None` for one without data.
fn parse(block: &[u8]) -> Option<LiveEvent> {
    let text = String::from_utf8_lossy(block);
    let field = |name: &'static str| {
        let values = text
            .lines()
            .filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':'));
        values.map(|value| value.strip_prefix(' ').unwrap_or(value))
    };
    let data: Vec<&str> = field("data").collect();
    if data.is_empty() {
        return None;
    }
    let data = data.join("\n");
    Some(LiveEvent {
        name: field("event").next_back().unwrap_or("message").to_owned(),
        data: serde_json::from_str(&data).unwrap_or(Value::String(data)),
    })
}

impl From<Live> for LiveEvents {
    fn from(live: Live) -> Self {
        Self::from_stream(live)
    }
}

impl From<ResponseBody> for LiveEvents {
    fn from(body: ResponseBody) -> Self {
        match body {
            ResponseBody::Live(live) => live.into(),
            ResponseBody::Bytes(bytes) => Self::from_stream(stream::iter([bytes])),
            ResponseBody::Empty => Self::from_stream(stream::empty::<Bytes>()),
        }
    }
}

impl fmt::Debug for LiveEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvents").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(chunks: &[&'static str]) -> LiveEvents {
        LiveEvents::from_stream(stream::iter(chunks.to_vec()))
    }

    fn event(name: &str, data: Value) -> Option<LiveEvent> {
        Some(LiveEvent {
            name: name.into(),
            data,
        })
    }

    #[tokio::test]
    async fn events_are_parsed_whatever_the_chunks() {
        let mut events = reader(&[
            "retry: 1000\n\n: a comment\n\nevent: li",
            "ve\ndata: {\"likes\"",
            ":1}\n\ndata: one\ndata: two\n\nevent: cut",
        ]);
        assert_eq!(events.next().await, event("live", serde_json::json!({"likes": 1})));
        assert_eq!(events.next().await, event("message", "one\ntwo".into()));
        assert_eq!(events.next().await, None);
    }

    #[tokio::test]
    #[should_panic(expected = "ended without a matching event `live`, after [LiveEvent { name: \"site\"")]
    async fn a_missing_event_panics_with_the_last_events() {
        let mut events = reader(&["event: site\ndata: 7\n\n"]);
        events.wait_for("live", |_| true).await;
    }
}
