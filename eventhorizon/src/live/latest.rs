//! The latest value of something, for many who wait for a newer one.

use std::{
    mem,
    ops::Range,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::Stream;
use slab::Slab;
use tokio::{
    runtime::Handle,
    task::{JoinSet, yield_now},
};

use super::Listener;

/// How many are told before others have their turn: 512, which is some four milliseconds.
const IN_A_ROW: usize = 512;

/// How many are told by one task at least, before another one takes a part of them: 1,024.
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
    /// No place was ever given beyond this one.
    end: usize,
}

/// One who waits.
#[derive(Default)]
struct Waits {
    waker: Option<Waker>,
    /// Is told instead of the task that `waker` wakes.
    listener: Option<Weak<dyn Listener>>,
}

enum Told {
    Listener(Arc<dyn Listener>),
    Task(Waker),
}

impl Waits {
    fn told(&self) -> Option<Told> {
        let listener = self.listener.as_ref().and_then(Weak::upgrade);
        listener
            .map(Told::Listener)
            .or_else(|| self.waker.clone().map(Told::Task))
    }
}

impl Told {
    fn tell(self) {
        match self {
            Self::Listener(listener) => listener.hear(),
            Self::Task(waker) => waker.wake(),
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

    /// What is asked of those who wait in these places. Nobody is told under the lock: who ends then gives a place back.
    fn of_those_in<B>(&self, places: Range<usize>, ask: impl Fn(&Waits) -> Option<B>) -> Vec<B> {
        let waiting = self.waiting();
        let waits = places.filter_map(|place| waiting.places.get(place));
        waits.filter_map(ask).collect()
    }

    /// Tells those in these places, a few at a time.
    async fn tell(&self, places: Range<usize>) {
        let end = places.end;
        for first in places.step_by(IN_A_ROW) {
            let some = first..end.min(first + IN_A_ROW);
            self.of_those_in(some, Waits::told).into_iter().for_each(Told::tell);
            yield_now().await;
        }
    }
}

/// Writes. When it is dropped, readers see the last value and then the end.
pub(crate) struct Writer<T>(Arc<Shared<T>>);

impl<T: Send + Sync + 'static> Writer<T> {
    /// Writes a value, and tells everybody who waits. Many are told by as many tasks as can run at once.
    pub(crate) async fn write(&self, value: T) {
        let before = mem::replace(&mut *self.0.value(), Arc::new(value));
        drop(before);
        self.0.version.fetch_add(1, Ordering::Release);
        let end = self.0.waiting().end;
        let part = end.div_ceil(Handle::current().metrics().num_workers()).max(FOR_ONE);
        let mut others = JoinSet::new();
        for first in (part..end).step_by(part) {
            let shared = Arc::clone(&self.0);
            others.spawn(async move { shared.tell(first..end.min(first + part)).await });
        }
        self.0.tell(0..end.min(part)).await;
        while others.join_next().await.is_some() {}
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        let end = self.0.waiting().end;
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

    /// Has somebody told who knows what to do without the task.
    pub(crate) fn listen(&self, listener: Weak<dyn Listener>) {
        self.change(|waits| waits.listener.replace(listener));
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
mod tests {
    use std::task::Wake;

    use futures::{FutureExt, StreamExt};

    use super::*;

    #[tokio::test]
    async fn a_reader_has_the_value_that_is_there_then_the_newest_and_then_the_end() {
        let (writer, mut reader) = latest(1);
        assert_eq!(reader.next().await.as_deref(), Some(&1));
        assert_eq!(reader.next().now_or_never(), None);
        writer.write(2).await;
        writer.write(3).await;
        drop(writer);
        assert_eq!(reader.next().await.as_deref(), Some(&3));
        assert_eq!(reader.next().await, None);
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_each_value_also_in_another_task() {
        let (writer, mut reader) = latest(0);
        reader.next().await;
        assert_eq!(reader.next().now_or_never(), None, "it waits as this task first");
        let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let reading = tokio::spawn(async move {
            while let Some(value) = reader.next().await {
                said.send(*value).unwrap();
            }
        });
        for value in 1..=100 {
            writer.write(value).await;
            assert_eq!(heard.recv().await, Some(value));
        }
        drop(writer);
        reading.await.unwrap();
    }

    #[tokio::test]
    async fn who_leaves_gives_their_place_back() {
        let (writer, reader) = latest(0);
        for _ in 0..3 {
            let mut others: Vec<_> = (0..10).map(|_| reader.clone()).collect();
            for other in &mut others {
                assert!(other.next().now_or_never().is_some() && other.next().now_or_never().is_none());
            }
            assert_eq!(writer.0.waiting().places.len(), 10);
        }
        assert!(writer.0.waiting().places.is_empty());
    }

    /// Notes what it reads when it hears of it.
    struct Ear(Mutex<Reader<usize>>, Mutex<Vec<usize>>);

    impl Listener for Ear {
        fn hear(&self) {
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(Some(value)) = self.0.lock().unwrap().poll_next_unpin(&mut cx) {
                self.1.lock().unwrap().push(*value);
            }
        }
    }

    fn ear(reader: &Reader<usize>) -> Arc<Ear> {
        let mut reader = reader.clone();
        let place = reader.place();
        let ear = Arc::new(Ear(Mutex::new(reader), Mutex::default()));
        let listener: Weak<Ear> = Arc::downgrade(&ear);
        place.listen(listener);
        ear
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn each_of_many_who_listen_hears_each_value_before_the_next() {
        let (writer, reader) = latest(0);
        let mut ears: Vec<_> = (0..FOR_ONE * 3 + 7).map(|_| ear(&reader)).collect();
        for value in 1..=5 {
            writer.write(value).await;
            // Who leaves is missed by nobody, and their place is somebody else's.
            drop(ears.swap_remove(value));
        }
        assert!(ears.iter().all(|ear| *ear.1.lock().unwrap() == [1, 2, 3, 4, 5]));
        assert_eq!(writer.0.waiting().places.len(), ears.len());
    }

    /// Whether a task was woken.
    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn the_task_is_woken_when_nobody_listens_for_it_any_more_and_at_the_end() {
        let (writer, mut reader) = latest(0);
        let ear = ear(&reader);
        let listener: Weak<Ear> = Arc::downgrade(&ear);
        reader.place().listen(listener);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut poll = || {
            reader
                .poll_next_unpin(&mut Context::from_waker(&waker))
                .map(|value| value.as_deref().copied())
        };
        assert_eq!((poll(), poll()), (Poll::Ready(Some(0)), Poll::Pending));
        writer.write(1).await;
        assert!(!woken.0.swap(false, Ordering::Relaxed), "somebody listened");
        drop(ear);
        writer.write(2).await;
        assert!(woken.0.swap(false, Ordering::Relaxed));
        assert_eq!((poll(), poll()), (Poll::Ready(Some(2)), Poll::Pending));
        drop(writer);
        assert!(woken.0.swap(false, Ordering::Relaxed));
        assert_eq!(poll(), Poll::Ready(None));
    }
}
