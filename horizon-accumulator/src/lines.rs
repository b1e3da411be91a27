use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{
    AckToken, Batch, Error, Event, EventConsumer, Result, StatsStore, Timestamp, Topic, Update, process_batch,
};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::time::sleep;

use horizon_backend::Backoff;

/// The longest line, in bytes; the longest comment with every character escaped takes 25,000.
const LINE_BYTES: usize = 64 * 1024;

/// How much input is read ahead, in bytes.
const INPUT_BYTES: usize = 256 * 1024;

/// The most events that are recorded at once, in events.
const BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The most topics whose totals are kept for the end; further ones are counted all the same.
const TOPICS: usize = 100_000;

/// How many times a batch is tried while the store says that it may work next time.
const ATTEMPTS: u32 = 30;

/// A line that is no event which can be counted.
///
/// ```
/// let bad = horizon_accumulator::BadLine { number: 2, reason: "it is longer than 65536 bytes".into() };
/// assert_eq!(bad.to_string(), "line 2: it is longer than 65536 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {reason}")]
pub struct BadLine {
    /// Its number, from 1.
    pub number: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A feed of events in JSON lines, as [`Event`] is written by serde. Empty lines are skipped.
///
/// A bad line is told to `report`, and the next one is read. What is published is kept for the end. A line has at most
/// 64 KiB, and the totals of at most 100,000 topics are kept; further ones are counted all the same.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_accumulator::{LineConsumer, count};
/// use horizon_backend::now;
/// use horizon_memory::MemoryStats;
///
/// let input = b"{\"id\":\"00000000000000000000000000000001\"}\nno JSON\n";
/// let mut bad = Vec::new();
/// let mut feed = LineConsumer::new(&input[..], now, |line| bad.push(line.number));
/// count(&mut feed, &MemoryStats::new()).await?;
/// assert_eq!(feed.totals().count(), 0);
/// drop(feed);
/// assert_eq!(bad, [1, 2]);
/// # Ok(()) }
/// ```
pub struct LineConsumer<R, F> {
    input: BufReader<R>,
    now: fn() -> Timestamp,
    report: F,
    /// The line that is being read, without its end. Kept here, so that a wait may be given up.
    line: Vec<u8>,
    too_long: bool,
    /// The number of the last whole line.
    number: u64,
    /// What is not acknowledged.
    pending: VecDeque<Event>,
    acknowledged: u64,
    totals: BTreeMap<Topic, Update>,
}

impl<R: AsyncRead + Send + Unpin, F: FnMut(BadLine) + Send> LineConsumer<R, F> {
    /// A feed that reads `input` and knows from `now` which events are too old to be counted, or too far ahead.
    pub fn new(input: R, now: fn() -> Timestamp, report: F) -> Self {
        Self {
            input: BufReader::with_capacity(INPUT_BYTES, input),
            now,
            report,
            line: Vec::new(),
            too_long: false,
            number: 0,
            pending: VecDeque::new(),
            acknowledged: 0,
            totals: BTreeMap::new(),
        }
    }

    /// The last published totals of each topic, by the topic's name.
    pub fn totals(&self) -> impl Iterator<Item = &Update> {
        self.totals.values()
    }

    /// Waits for an event, and takes those that are there already. Answers false at the input's end.
    async fn fill(&mut self, limit: NonZeroUsize) -> Result<bool> {
        while self.pending.is_empty() || self.input.buffer().contains(&b'\n') {
            if self.pending.len() >= limit.get() || !self.read_line().await? {
                break;
            }
            let event = self.take_line();
            self.pending.extend(event);
        }
        Ok(!self.pending.is_empty())
    }

    /// Reads up to the end of a line. Answers false when there is none.
    async fn read_line(&mut self) -> Result<bool> {
        loop {
            let read = self.input.fill_buf().await;
            let read = read.map_err(|e| Error::permanent("the events cannot be read").with_source(e))?;
            let mut parts = read.splitn(2, |byte| *byte == b'\n');
            let text = parts.next().unwrap_or_default();
            let whole = parts.next().is_some();
            let used = text.len() + usize::from(whole);
            if self.line.len() + text.len() > LINE_BYTES {
                self.too_long = true;
                self.line.clear();
            } else {
                self.line.extend(text);
            }
            self.input.consume(used);
            if used == 0 {
                return Ok(self.too_long || !self.line.is_empty());
            }
            if whole {
                return Ok(true);
            }
        }
    }

    fn take_line(&mut self) -> Option<Event> {
        self.number += 1;
        let line = std::mem::take(&mut self.line);
        let parsed = match std::mem::take(&mut self.too_long) {
            true => Err(format!("it is longer than {LINE_BYTES} bytes")),
            false if line.trim_ascii().is_empty() => return None,
            false => parse(&line, (self.now)()),
        };
        match parsed {
            Ok(event) => Some(event),
            Err(reason) => {
                let number = self.number;
                (self.report)(BadLine { number, reason });
                None
            }
        }
    }
}

fn parse(line: &[u8], now: Timestamp) -> Result<Event, String> {
    let event: Event = serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        // The line is always the first one to serde, which would only mislead.
        let reason = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(reason, _)| reason);
        format!("{reason} (column {})", error.column())
    })?;
    event.check_time(now).map_err(|refusal| refusal.to_string())?;
    Ok(event)
}

#[async_trait]
impl<R: AsyncRead + Send + Unpin, F: FnMut(BadLine) + Send> EventConsumer for LineConsumer<R, F> {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        if !self.fill(limit).await? {
            // A feed waits for events; that none will come is what `count` asks about.
            std::future::pending::<()>().await;
        }
        let events: Vec<_> = self.pending.iter().take(limit.get()).cloned().collect();
        let ack = AckToken(self.acknowledged + events.len() as u64);
        Ok(Batch::new(events, ack))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        for update in updates {
            if self.totals.len() < TOPICS || self.totals.contains_key(&update.topic) {
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

impl<R, F> fmt::Debug for LineConsumer<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineConsumer")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Counts every event of `feed` into `store` and returns at the input's end.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_accumulator::{BadLine, LineConsumer, count};
/// use horizon_backend::now;
/// use horizon_core::{Event, EventKind, Stamp, Topic};
/// use horizon_memory::MemoryStats;
///
/// let visit = Event::new(Stamp::new(now(), [7; 10]), Topic::Site, EventKind::Visit { visitor: None });
/// let line = serde_json::to_string(&visit)?;
/// let input = format!("{line}\n{line}\n"); // the second one is a repeat, by its id
/// let mut feed = LineConsumer::new(input.as_bytes(), now, |bad: BadLine| println!("{bad}"));
/// count(&mut feed, &MemoryStats::new()).await?;
/// assert_eq!(feed.totals().next().unwrap().stats.visits, 1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// The input's, and the store's if it is permanent or does not pass within about a minute. What was
/// counted stays counted; running again with the same input counts the rest.
pub async fn count<R, F>(feed: &mut LineConsumer<R, F>, store: &dyn StatsStore) -> Result<()>
where
    R: AsyncRead + Send + Unpin,
    F: FnMut(BadLine) + Send,
{
    let now = feed.now;
    let (mut backoff, mut attempt) = (Backoff::new(), 1);
    while feed.fill(BATCH_EVENTS).await? {
        match process_batch(feed, store, &now, BATCH_EVENTS).await {
            Ok(_) => (backoff, attempt) = (Backoff::new(), 1),
            Err(error) if attempt >= ATTEMPTS || !error.is_retryable() => return Err(error),
            Err(error) => {
                attempt += 1;
                sleep(backoff.after(&error)).await;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
