//! The latest value of something, for many who wait for a newer one.

use std::{
    mem,
    ops::Range,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures::Stream;
use slab::Slab;
use tokio::{
    runtime::Handle,
    task::{JoinError, JoinSet, yield_now},
};

use super::Listener;

/// How many are taken from the list at once: 32.
const AT_ONCE: usize = 32;

/// How long some are told before others have their turn: 4 milliseconds.
const TURN: Duration = Duration::from_millis(4);

/// For how many another task is worth it: 1,024.
const FOR_ONE: usize = 1024;

/// A first value, from where newer ones are written, and who reads them.
pub(crate) fn latest<T>(first: T) -> (Writer<T>, Reader<T>) {
    let shared = Arc::new(Shared {
        value: Mutex::new(Arc::new(first)),
        version: AtomicU64::new(1),
        ended: AtomicBool::new(false),
        waiting: Mutex::default(),
    });
    let reader = Reader::of(Arc::clone(&shared));
    (Writer(shared), reader)
}

struct Shared<T> {
    value: Mutex<Arc<T>>,
    /// Grows after each value.
    version: AtomicU64,
    ended: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// Whom to tell. Everybody keeps their place from one value to the next, so that a value costs a reader nothing but
/// the telling: `tokio::sync::watch` has a list that each of them leaves and joins again.
#[derive(Default)]
struct Waiting {
    places: Slab<Waits>,
    /// All places that were ever given are before this one.
    end: usize,
}

/// One who waits.
#[derive(Default)]
struct Waits {
    waker: Option<Waker>,
    /// Is told instead of a task, as long as that is the one which waits: between a task and the reader there may be
    /// something that has a waker of its own and does nothing until that is woken.
    listener: Option<(Waker, Weak<dyn Listener>)>,
}

enum Told {
    Listener(Arc<dyn Listener>),
    Task(Waker),
}

impl Waits {
    fn told(&self) -> Option<Told> {
        let waker = self.waker.as_ref()?;
        let listener = match &self.listener {
            Some((task, listener)) if task.will_wake(waker) => listener.upgrade(),
            _ => None,
        };
        Some(listener.map_or_else(|| Told::Task(waker.clone()), Told::Listener))
    }
}

impl Told {
    /// Whoever panics harms none of those who are told after them.
    fn tell(self) {
        let told = panic::catch_unwind(AssertUnwindSafe(|| match self {
            Self::Listener(listener) => listener.hear(),
            Self::Task(waker) => waker.wake(),
        }));
        if told.is_err() {
            tracing::error!("who listened to a live connection panicked");
        }
    }
}

impl<T> Shared<T> {
    fn value(&self) -> MutexGuard<'_, Arc<T>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, and the end of their places.
    fn count(&self) -> (usize, usize) {
        let waiting = self.waiting();
        (waiting.places.len(), waiting.end)
    }

    /// What is asked of those who wait in these places. Nobody is told under the lock: who ends then gives a place back.
    fn of_those_in<B>(&self, places: Range<usize>, ask: impl Fn(&Waits) -> Option<B>) -> Vec<B> {
        let waiting = self.waiting();
        let waits = places.filter_map(|place| waiting.places.get(place));
        waits.filter_map(ask).collect()
    }

    /// Tells those in these places, a few at a time.
    async fn tell(&self, places: Range<usize>) {
        let (end, mut turn) = (places.end, Instant::now());
        for first in places.step_by(AT_ONCE) {
            if turn.elapsed() >= TURN {
                yield_now().await;
                turn = Instant::now();
            }
            let some = first..end.min(first + AT_ONCE);
            self.of_those_in(some, Waits::told).into_iter().for_each(Told::tell);
        }
    }
}

/// Writes. When it is dropped, readers see the last value and then the end.
pub(crate) struct Writer<T>(Arc<Shared<T>>);

impl<T: Send + Sync + 'static> Writer<T> {
    /// Writes a value, and tells everybody who waits: up to 2,047 by this task, more by several, of which there are no more
    /// than can run at once.
    pub(crate) async fn write(&self, value: T) {
        let before = mem::replace(&mut *self.0.value(), Arc::new(value));
        drop(before);
        self.0.version.fetch_add(1, Ordering::Release);
        let (count, end) = self.0.count();
        let tasks = (count / FOR_ONE).clamp(1, Handle::current().metrics().num_workers());
        if tasks == 1 {
            return self.0.tell(0..end).await;
        }
        let (part, mut parts) = (end.div_ceil(tasks), JoinSet::new());
        for task in 0..tasks {
            let shared = Arc::clone(&self.0);
            parts.spawn(async move { shared.tell(task * part..end.min((task + 1) * part)).await });
        }
        // It waits itself: what a task spawns last is for its own thread, and no other would take it.
        while let Some(told) = parts.join_next().await {
            if let Err(Ok(panic)) = told.map_err(JoinError::try_into_panic) {
                panic::resume_unwind(panic);
            }
        }
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        let (_, end) = self.0.count();
        let wakers = self.0.of_those_in(0..end, |waits| waits.waker.clone());
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Reads: the value that is there, then each newer one that it is quick enough for, and always the last.
pub(crate) struct Reader<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
    /// As what this reader waits.
    waker: Waker,
    place: Option<Arc<Place<T>>>,
}

impl<T> Reader<T> {
    fn of(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            seen: 0,
            waker: Waker::noop().clone(),
            place: None,
        }
    }

    /// The value that is there.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.shared.value())
    }

    /// Where this reader waits.
    pub(crate) fn place(&mut self) -> Arc<Place<T>> {
        let place = self.place.get_or_insert_with(|| Place::take(&self.shared));
        Arc::clone(place)
    }

    /// Sees to it that the next value wakes this task.
    fn wait(&mut self, waker: &Waker) {
        if !self.waker.will_wake(waker) {
            self.waker.clone_from(waker);
            self.place().change(|waits| waits.waker.replace(waker.clone()));
        }
    }
}

impl<T> Clone for Reader<T> {
    /// A reader who has seen nothing yet.
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.shared))
    }
}

impl<T> Stream for Reader<T> {
    type Item = Arc<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<T>>> {
        // First the place, then the look: a value in between wakes. First the end, then the version: the last value
        // is not missed.
        self.wait(cx.waker());
        let ended = self.shared.ended.load(Ordering::Acquire);
        let version = self.shared.version.load(Ordering::Acquire);
        if version != self.seen {
            self.seen = version;
            return Poll::Ready(Some(self.get()));
        }
        if ended { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// A place among those who wait.
pub(crate) struct Place<T> {
    shared: Arc<Shared<T>>,
    key: usize,
}

impl<T> Place<T> {
    fn take(shared: &Arc<Shared<T>>) -> Arc<Self> {
        let waiting = &mut *shared.waiting();
        let key = waiting.places.insert(Waits::default());
        waiting.end = waiting.end.max(key + 1);
        Arc::new(Self {
            shared: Arc::clone(shared),
            key,
        })
    }

    /// Has somebody told who knows what to do without this task.
    pub(crate) fn listen(&self, task: Waker, listener: Weak<dyn Listener>) {
        self.change(|waits| waits.listener.replace((task, listener)));
    }

    /// What was there before is dropped without the lock: a task that ends there could have a place of its own.
    fn change<B>(&self, change: impl FnOnce(&mut Waits) -> Option<B>) {
        let before = self.shared.waiting().places.get_mut(self.key).and_then(change);
        drop(before);
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        let before = self.shared.waiting().places.try_remove(self.key);
        drop(before);
    }
}

#[cfg(test)]
mod tests;
