use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_backend::BatchRetry;
use horizon_core::{
    AckToken, Batch, Error, Event, EventConsumer, Result, StatsStore, Timestamp, Topic, Update, process_batch,
};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::time::sleep;

/// The longest line: 64 KiB. The longest comment with every character escaped takes 25,000 bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// The size of the input buffer: 256 KiB.
const INPUT_BYTES: usize = 256 * 1024;

/// The most events in a batch: 1,024.
const MAX_BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The most topics whose totals are printed: 100,000. Others are only counted.
const MAX_TOPICS: usize = 100_000;

/// The most attempts per batch, which take about a minute.
const MAX_ATTEMPTS: u32 = 30;

/// A line that is not an event, or whose event is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {reason}")]
pub(crate) struct InvalidLine {
    /// Starts at 1.
    number: u64,
    reason: String,
}

/// Reads events as JSON lines, in the serde format of [`Event`], and keeps the published totals. Skips empty lines.
pub(crate) struct LineConsumer<R, F> {
    input: BufReader<R>,
    now: fn() -> Timestamp,
    on_invalid: F,
    /// The beginning of the next line. A field, so that reads are cancel safe.
    line: Vec<u8>,
    is_too_long: bool,
    /// The number of the last complete line.
    number: u64,
    pending: VecDeque<Event>,
    acknowledged: u64,
    totals: BTreeMap<Topic, Update>,
}

impl<R: AsyncRead + Send + Unpin, F: FnMut(InvalidLine) + Send> LineConsumer<R, F> {
    pub(crate) fn new(input: R, now: fn() -> Timestamp, on_invalid: F) -> Self {
        Self {
            input: BufReader::with_capacity(INPUT_BYTES, input),
            now,
            on_invalid,
            line: Vec::new(),
            is_too_long: false,
            number: 0,
            pending: VecDeque::new(),
            acknowledged: 0,
            totals: BTreeMap::new(),
        }
    }

    /// Returns the last published totals, sorted by topic.
    pub(crate) fn totals(&self) -> impl Iterator<Item = &Update> {
        self.totals.values()
    }

    /// Waits for an event and reads those that are buffered. Returns false at the end of the input.
    async fn fill(&mut self, limit: NonZeroUsize) -> Result<bool> {
        while self.pending.is_empty() || self.input.buffer().contains(&b'\n') {
            if self.pending.len() >= limit.get() || !self.read_line().await? {
                break;
            }
            let event = self.parse_line();
            self.pending.extend(event);
        }
        Ok(!self.pending.is_empty())
    }

    /// Reads to the end of a line. Returns false at the end of the input.
    async fn read_line(&mut self) -> Result<bool> {
        loop {
            let read = self.input.fill_buf().await;
            let read = read.map_err(|e| Error::permanent("the events cannot be read").with_source(e))?;
            let mut parts = read.splitn(2, |byte| *byte == b'\n');
            let text = parts.next().unwrap_or_default();
            let is_complete = parts.next().is_some();
            let length = text.len() + usize::from(is_complete);
            if self.line.len() + text.len() > MAX_LINE_BYTES {
                self.is_too_long = true;
                self.line.clear();
            } else {
                self.line.extend(text);
            }
            self.input.consume(length);
            if length == 0 {
                return Ok(self.is_too_long || !self.line.is_empty());
            }
            if is_complete {
                return Ok(true);
            }
        }
    }

    fn parse_line(&mut self) -> Option<Event> {
        self.number += 1;
        let line = std::mem::take(&mut self.line);
        let parsed = match std::mem::take(&mut self.is_too_long) {
            true => Err(format!("it is longer than {MAX_LINE_BYTES} bytes")),
            false if line.trim_ascii().is_empty() => return None,
            false => parse(&line, (self.now)()),
        };
        match parsed {
            Ok(event) => Some(event),
            Err(reason) => {
                let number = self.number;
                (self.on_invalid)(InvalidLine { number, reason });
                None
            }
        }
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

#[async_trait]
impl<R: AsyncRead + Send + Unpin, F: FnMut(InvalidLine) + Send> EventConsumer for LineConsumer<R, F> {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        if !self.fill(limit).await? {
            std::future::pending::<()>().await;
        }
        let events: Vec<_> = self.pending.iter().take(limit.get()).cloned().collect();
        let ack = AckToken(self.acknowledged + events.len() as u64);
        Ok(Batch::new(events, ack))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        for update in updates {
            if self.totals.len() < MAX_TOPICS || self.totals.contains_key(&update.topic) {
                self.totals.insert(update.topic.clone(), update.clone());
            }
        }
        Ok(())
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        while self.acknowledged < ack.0 && self.pending.pop_front().is_some() {
            self.acknowledged += 1;
        }
        Ok(())
    }
}

/// Counts all events into `store` and returns at the end of the input.
///
/// # Errors
/// The input cannot be read, or the store failed permanently or for about a minute. Running again with the same input
/// counts the rest.
pub(crate) async fn count_lines<R, F>(consumer: &mut LineConsumer<R, F>, store: &dyn StatsStore) -> Result<()>
where
    R: AsyncRead + Send + Unpin,
    F: FnMut(InvalidLine) + Send,
{
    let now = consumer.now;
    let (mut retry, mut attempt) = (BatchRetry::default(), 1);
    while consumer.fill(MAX_BATCH_EVENTS).await? {
        match process_batch(consumer, store, &now, MAX_BATCH_EVENTS).await {
            Ok(_) => (retry, attempt) = (BatchRetry::default(), 1),
            Err(error) if attempt >= MAX_ATTEMPTS || !error.is_retryable() => return Err(error),
            Err(error) => {
                attempt += 1;
                sleep(retry.after(&error)).await;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
