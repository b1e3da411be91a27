//! The task of the named readers of one page: tells their streams whether they like it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use horizon_core::{
    Error, ReaderId, Result, StatsStore, Topic,
    wire::{self, ReaderState},
};
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Frame, LatestReceiver,
    frame::Message,
    latest::{LatestSender, latest_channel},
    page::encode,
};
use crate::read_cache::WRITE_LAG;

/// The time between two rounds of reads after the number of likes changed, and so the shortest time between two reads
/// for one reader: one second.
pub(crate) const ROUND_INTERVAL: Duration = Duration::from_secs(1);

/// The time after which all readers are read again, even if the number of likes stays: one minute, or longer with more
/// than 12,000 readers, because of [`READERS_PER_ROUND`].
pub(crate) const FULL_ROUND_INTERVAL: Duration = Duration::from_secs(60);

/// The largest number of readers in a round, and so of such reads of a page in a second: 200. With 1,000 named readers
/// of a page, a like on another node therefore takes up to five seconds to reach the reader's other devices.
pub(crate) const READERS_PER_ROUND: usize = 200;

/// The largest number of concurrent reads for a page.
const MAX_CONCURRENT_READS: usize = 16;

/// The time limit of a read: 10 seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The named readers of a page with an open stream.
pub(super) struct ReaderPage {
    readers: Mutex<WatchedReaders>,
    /// Keeps messages of a reader in order. They are sent without the lock of `readers`, because a task that ends
    /// removes its reader.
    sending: Mutex<()>,
    /// Wakes the task for a new reader.
    joined: Notify,
}

#[derive(Default)]
struct WatchedReaders {
    by_id: HashMap<ReaderId, WatchedReader>,
    /// The readers who were never read, by place.
    new: BTreeMap<u64, ReaderId>,
    /// The readers to read again, by place. A reader is in one of the two maps, once, or in none.
    outdated: BTreeMap<u64, ReaderId>,
    /// The place of the next reader who waits for a read.
    next_place: u64,
    /// The current round reads the outdated readers with smaller places.
    round_end: u64,
}

struct WatchedReader {
    /// The number of open streams.
    leases: usize,
    sender: Arc<LatestSender<Message>>,
    messages: LatestReceiver<Message>,
    liked: Option<bool>,
    revision: u64,
    /// The reader's place among those who wait for a read.
    place: Option<u64>,
    /// When this process recorded a like or its removal. The store may not have counted it yet.
    written: Option<Instant>,
}

impl WatchedReader {
    fn new(place: u64) -> Self {
        let (sender, messages) = latest_channel(Message::default());
        Self {
            leases: 0,
            sender: Arc::new(sender),
            messages,
            liked: None,
            revision: 0,
            place: Some(place),
            written: None,
        }
    }

    /// Returns the message to send if the state changes.
    fn set(&mut self, liked: bool) -> Option<(Arc<LatestSender<Message>>, Message)> {
        if self.liked.replace(liked) == Some(liked) {
            return None;
        }
        self.revision += 1;
        let bytes = encode(wire::READER, &ReaderState { liked })?;
        let revision = self.revision;
        Some((Arc::clone(&self.sender), Message { revision, bytes }))
    }

    /// Returns whether the store may lack the last write of this process.
    fn may_lack_write(&self) -> bool {
        self.written.is_some_and(|written| written.elapsed() <= WRITE_LAG)
    }
}

impl WatchedReaders {
    /// Adds a stream of a reader. A new reader is read at once.
    fn join(&mut self, id: ReaderId) -> LatestReceiver<Message> {
        let reader = self.by_id.entry(id).or_insert_with(|| {
            let place = self.next_place;
            self.next_place += 1;
            self.new.insert(place, id);
            WatchedReader::new(place)
        });
        reader.leases += 1;
        reader.messages.clone()
    }

    /// Removes a stream of a reader.
    fn leave(&mut self, id: ReaderId) {
        let Some(reader) = self.by_id.get_mut(&id) else { return };
        reader.leases -= 1;
        if reader.leases > 0 {
            return;
        }
        if let Some(place) = reader.place {
            self.new.remove(&place);
            self.outdated.remove(&place);
        }
        self.by_id.remove(&id);
    }

    /// Reads the reader again in a later round, unless they wait for a read already.
    fn mark_outdated(&mut self, id: ReaderId) {
        let Some(reader) = self.by_id.get_mut(&id) else { return };
        if reader.place.is_none() {
            reader.place = Some(self.next_place);
            self.outdated.insert(self.next_place, id);
            self.next_place += 1;
        }
    }

    fn mark_all_outdated(&mut self) {
        let ids: Vec<ReaderId> = self.by_id.keys().copied().collect();
        ids.into_iter().for_each(|id| self.mark_outdated(id));
    }

    fn start_round(&mut self) {
        let end = self.outdated.keys().nth(READERS_PER_ROUND);
        self.round_end = end.copied().unwrap_or(self.next_place);
    }

    /// Returns whether readers wait for another round.
    fn needs_round(&self) -> bool {
        let first = self.outdated.first_key_value();
        first.is_some_and(|(&place, _)| place >= self.round_end)
    }

    /// Returns a reader to read now: a new one, or the next one of the round.
    fn next_to_read(&mut self) -> Option<ReaderId> {
        let outdated = self.outdated.first_entry();
        let in_round = outdated.filter(|entry| *entry.key() < self.round_end);
        let entry = self.new.first_entry().or(in_round)?;
        let id = entry.remove();
        self.by_id.get_mut(&id)?.place = None;
        Some(id)
    }
}

impl ReaderPage {
    pub(super) fn new() -> Self {
        Self {
            readers: Mutex::default(),
            sending: Mutex::default(),
            joined: Notify::new(),
        }
    }

    /// Adds a stream of a reader.
    pub(super) fn join(&self, id: ReaderId) -> LatestReceiver<Message> {
        let messages = self.readers.lock().join(id);
        self.joined.notify_one();
        messages
    }

    /// Removes a stream of a reader. Returns whether the page has no readers left.
    pub(super) fn leave(&self, id: ReaderId) -> bool {
        let mut readers = self.readers.lock();
        readers.leave(id);
        readers.by_id.is_empty()
    }

    /// Sends what this process recorded for a reader.
    pub(super) fn note_like(&self, id: ReaderId, liked: bool) {
        self.update(id, |reader| {
            reader.written = Some(Instant::now());
            reader.set(liked)
        });
    }

    fn update(
        &self,
        id: ReaderId,
        change: impl FnOnce(&mut WatchedReader) -> Option<(Arc<LatestSender<Message>>, Message)>,
    ) {
        let _in_order = self.sending.lock();
        let changed = self.readers.lock().by_id.get_mut(&id).and_then(change);
        if let Some((sender, message)) = changed {
            sender.send(message);
        }
    }

    /// Applies the result of a read, or reads again in the next round.
    fn apply(&self, id: ReaderId, read: Result<bool>) {
        let mut read_again = true;
        self.update(id, |reader| match read {
            Ok(liked) if reader.liked == Some(!liked) && reader.may_lack_write() => None,
            Ok(liked) => {
                read_again = false;
                reader.set(liked)
            }
            Err(error) => {
                tracing::debug!(%error, "reading whether a named reader likes a page failed, retrying");
                None
            }
        });
        if read_again {
            self.readers.lock().mark_outdated(id);
        }
    }
}

impl fmt::Debug for ReaderPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderPage")
    }
}

/// Runs the task of a page's named readers until it is dropped. It reads the state of a new reader at once, and those
/// of all readers in rounds when the number of likes changed, because one of them may have liked the page through
/// another node. A like and an unlike of two readers in one frame leave the number unchanged; the next full round finds
/// them.
pub(super) async fn run(
    topic: Topic,
    page: Arc<ReaderPage>,
    stats: Arc<dyn StatsStore>,
    mut frames: LatestReceiver<Frame>,
) {
    let read = async |id| {
        let read = timeout(READ_TIMEOUT, stats.is_liked_by(&topic, id)).await;
        (
            id,
            read.unwrap_or_else(|_| Err(Error::unavailable("the store did not respond in time"))),
        )
    };
    let mut reads = FuturesUnordered::new();
    let mut likes = None;
    let mut next_round = Instant::now() + ROUND_INTERVAL;
    let mut next_full_round = Instant::now() + FULL_ROUND_INTERVAL;
    loop {
        while reads.len() < MAX_CONCURRENT_READS
            && let Some(id) = page.readers.lock().next_to_read()
        {
            reads.push(read(id));
        }
        tokio::select! {
            Some((id, read)) = reads.next() => page.apply(id, read),
            Some(frame) = frames.next() => {
                let now = frame.stats.as_ref().map(|stats| stats.likes);
                if now.is_some() && now != likes {
                    likes = now;
                    page.readers.lock().mark_all_outdated();
                }
            }
            () = page.joined.notified() => {}
            () = sleep_until(next_full_round) => {
                page.readers.lock().mark_all_outdated();
                next_full_round = Instant::now() + FULL_ROUND_INTERVAL;
            }
            () = sleep_until(next_round), if page.readers.lock().needs_round() => {
                page.readers.lock().start_round();
                next_round = Instant::now() + ROUND_INTERVAL;
            }
        }
    }
}
