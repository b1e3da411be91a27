use anyhow::{Context, bail, ensure};
use http::HeaderMap;
use tokio::time::timeout;

use crate::DEADLINE;

/// A response whose body is read piece by piece. The connection is closed when this is dropped.
#[derive(Debug)]
pub struct SseStream {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

/// A server-sent event. A field that the server did not send is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The field `event`.
    pub event: String,
    /// The field `data`.
    pub data: String,
    /// The field `id`.
    pub id: String,
    /// The field `retry`, in milliseconds.
    pub retry: String,
}

impl SseStream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            response,
            buffer: Vec::new(),
        }
    }

    /// Returns the header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the next server-sent event, or `None` at the end of the stream.
    ///
    /// # Errors
    /// The connection fails, or the server sends an unknown field.
    pub async fn next_event(&mut self) -> anyhow::Result<Option<SseEvent>> {
        let mut event = SseEvent::default();
        while let Some(line) = self.next_line().await? {
            if line.is_empty() {
                return Ok(Some(event));
            }
            match line.split_once(": ") {
                Some(("event", value)) => value.clone_into(&mut event.event),
                Some(("data", value)) => value.clone_into(&mut event.data),
                Some(("id", value)) => value.clone_into(&mut event.id),
                Some(("retry", value)) => value.clone_into(&mut event.retry),
                _ => bail!("`{line}` is not a field of a server-sent event"),
            }
        }
        Ok(None)
    }

    /// Waits for the next event with this name and returns its data.
    ///
    /// # Errors
    /// The stream ends or fails, or the event does not arrive within [`DEADLINE`].
    pub async fn data_of(&mut self, name: &str) -> anyhow::Result<String> {
        let found = timeout(DEADLINE, async {
            while let Some(event) = self.next_event().await? {
                if event.event == name {
                    return Ok(event.data);
                }
            }
            bail!("the stream ended")
        });
        found
            .await
            .with_context(|| format!("not within {DEADLINE:?}"))
            .flatten()
            .with_context(|| format!("no event `{name}`"))
    }

    /// Reads until the text read by this call contains `expected`.
    ///
    /// # Errors
    /// The stream ends or fails, or the text does not arrive within [`DEADLINE`].
    pub async fn read_until(&mut self, expected: &str) -> anyhow::Result<()> {
        let read = timeout(DEADLINE, async {
            loop {
                let text = String::from_utf8_lossy(&self.buffer);
                if text.contains(expected) {
                    self.buffer.clear();
                    return Ok(());
                }
                ensure!(self.read_chunk().await?, "the stream ended");
            }
        });
        let read = read.await.with_context(|| format!("not within {DEADLINE:?}")).flatten();
        read.with_context(|| format!("no `{expected}` in `{}`", String::from_utf8_lossy(&self.buffer)))
    }

    /// Returns the next line without its end, or `None` at the end of the body.
    async fn next_line(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            if !self.read_chunk().await? {
                return Ok(None);
            }
        }
    }

    /// Returns whether there was another chunk.
    async fn read_chunk(&mut self) -> anyhow::Result<bool> {
        let chunk = self.response.chunk().await?;
        self.buffer.extend(chunk.iter().flatten());
        Ok(chunk.is_some())
    }
}
