//! Counts events in JSON lines.

use std::collections::BTreeMap;
use std::io;

use horizon_backend::BatchRetry;
use horizon_core::{Error, Event, Result, StatsStore, Timestamp, Topic, Update};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::time::sleep;

/// The longest line: 64 KiB. The longest comment with every character escaped takes 25,000 bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// The size of the input buffer: 256 KiB.
const INPUT_BYTES: usize = 256 * 1024;

/// The maximum number of events in a batch: 1,024.
const MAX_BATCH_EVENTS: usize = 1_024;

/// The maximum number of topics whose totals are returned: 100,000. Others are only counted.
const MAX_TOPICS: usize = 100_000;

/// The maximum number of attempts per batch, which take about a minute.
const MAX_ATTEMPTS: u32 = 30;

/// A line that is not an event, or whose event is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {reason}")]
pub(crate) struct InvalidLine {
    /// Starts at 1.
    number: u64,
    reason: String,
}

/// Reads events in the serde format of [`Event`], one per line. Empty lines are skipped.
pub(crate) struct LineReader<R, F> {
    input: BufReader<R>,
    now: fn() -> Timestamp,
    on_invalid: F,
    /// The number of the last line.
    number: u64,
}

impl<R: AsyncRead + Unpin, F: FnMut(InvalidLine)> LineReader<R, F> {
    pub(crate) fn new(input: R, now: fn() -> Timestamp, on_invalid: F) -> Self {
        Self {
            input: BufReader::with_capacity(INPUT_BYTES, input),
            now,
            on_invalid,
            number: 0,
        }
    }

    /// Waits for an event and reads those that are buffered. Returns no events at the end of the input.
    async fn next_batch(&mut self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        while events.is_empty() || (events.len() < MAX_BATCH_EVENTS && self.input.buffer().contains(&b'\n')) {
            let line = self.read_line().await;
            match line.map_err(|error| Error::permanent("the events cannot be read").with_source(error))? {
                Some(line) => events.extend(self.parse_line(&line)),
                None => break,
            }
        }
        Ok(events)
    }

    /// Returns the next line without its end, and at most [`MAX_LINE_BYTES`] + 1 bytes of it.
    async fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut line, mut is_end) = (Vec::new(), true);
        loop {
            let read = self.input.fill_buf().await?;
            if read.is_empty() {
                return Ok((!is_end).then_some(line));
            }
            is_end = false;
            let mut parts = read.splitn(2, |byte| *byte == b'\n');
            let text = parts.next().unwrap_or_default();
            let is_complete = parts.next().is_some();
            line.extend(text.iter().take(MAX_LINE_BYTES + 1 - line.len()));
            let length = text.len() + usize::from(is_complete);
            self.input.consume(length);
            if is_complete {
                return Ok(Some(line));
            }
        }
    }

    fn parse_line(&mut self, line: &[u8]) -> Option<Event> {
        self.number += 1;
        let parsed = match line {
            _ if line.len() > MAX_LINE_BYTES => Err(format!("it is longer than {MAX_LINE_BYTES} bytes")),
            _ if line.trim_ascii().is_empty() => return None,
            _ => parse(line, (self.now)()),
        };
        let number = self.number;
        parsed
            .map_err(|reason| (self.on_invalid)(InvalidLine { number, reason }))
            .ok()
    }
}

fn parse(line: &[u8], now: Timestamp) -> Result<Event, String> {
    let event: Event = serde_json::from_slice(line).map_err(|error| {
        let message = error.to_string();
        // serde's line number is always 1.
        let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
        format!("{reason} (column {})", error.column())
    })?;
    event.check_time(now).map_err(|reason| reason.to_string())?;
    Ok(event)
}

/// Counts all events into `store` and adds the totals of their topics to `totals`. Returns at the end of the input.
///
/// # Errors
/// The input cannot be read, or the store failed permanently or for about a minute. Running again with the same input
/// counts the rest.
pub(crate) async fn count_lines<R, F>(
    reader: &mut LineReader<R, F>,
    store: &dyn StatsStore,
    totals: &mut BTreeMap<Topic, Update>,
) -> Result<()>
where
    R: AsyncRead + Unpin,
    F: FnMut(InvalidLine),
{
    loop {
        let events = reader.next_batch().await?;
        if events.is_empty() {
            return Ok(());
        }
        for update in apply(store, &events).await? {
            if totals.len() < MAX_TOPICS || totals.contains_key(&update.topic) {
                totals.insert(update.topic.clone(), update);
            }
        }
    }
}

async fn apply(store: &dyn StatsStore, events: &[Event]) -> Result<Vec<Update>> {
    let (mut retry, mut attempt) = (BatchRetry::default(), 1);
    loop {
        match store.apply(events).await {
            Err(error) if attempt < MAX_ATTEMPTS && error.is_retryable() => {
                attempt += 1;
                sleep(retry.log_and_delay(&error)).await;
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests;
