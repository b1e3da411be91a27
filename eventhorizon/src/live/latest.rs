//! The latest value of something, for many who wait for a newer one.

use std::{
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::Stream;
use slab::Slab;

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
    /// Whom to wake. Everybody keeps their place from one value to the next, so that a value costs a reader nothing
    /// but the waking: `tokio::sync::watch` has a list that each of them leaves and joins again.
    waiting: Mutex<Slab<Waker>>,
}

impl<T> Shared<T> {
    fn wake(&self) {
        for (_, waker) in self.waiting().iter() {
            waker.wake_by_ref();
        }
    }

    fn value(&self) -> MutexGuard<'_, Arc<T>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes. When it is dropped, readers see the last value and then the end.
pub(crate) struct Writer<T>(Arc<Shared<T>>);

impl<T> Writer<T> {
    pub(crate) fn write(&self, value: T) {
        let before = mem::replace(&mut *self.0.value(), Arc::new(value));
        self.0.version.fetch_add(1, Ordering::Release);
        self.0.wake();
        drop(before);
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        self.0.wake();
    }
}

/// Reads: the value that is there, then each newer one that it is quick enough for, and always the last.
pub(crate) struct Reader<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
    /// Where this reader waits, and as what.
    place: Option<(usize, Waker)>,
}

impl<T> Reader<T> {
    fn of(shared: Arc<Shared<T>>) -> Self {
        Self {
            shared,
            seen: 0,
            place: None,
        }
    }

    /// The value that is there.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.shared.value())
    }

    /// Sees to it that the next value wakes this task.
    fn wait(&mut self, waker: &Waker) {
        match &mut self.place {
            Some((_, mine)) if mine.will_wake(waker) => {}
            Some((place, mine)) => {
                // Nothing is dropped under the lock: a task that ends there could have a place of its own.
                let before = self
                    .shared
                    .waiting()
                    .get_mut(*place)
                    .map(|old| mem::replace(old, waker.clone()));
                mine.clone_from(waker);
                drop(before);
            }
            None => {
                let place = self.shared.waiting().insert(waker.clone());
                self.place = Some((place, waker.clone()));
            }
        }
    }
}

impl<T> Clone for Reader<T> {
    /// A reader who has seen nothing yet.
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.shared))
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        let waker = self
            .place
            .take()
            .and_then(|(place, _)| self.shared.waiting().try_remove(place));
        drop(waker);
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

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;

    #[tokio::test]
    async fn a_reader_has_the_value_that_is_there_then_the_newest_and_then_the_end() {
        let (writer, mut reader) = latest(1);
        assert_eq!(reader.next().await.as_deref(), Some(&1));
        assert_eq!(reader.next().now_or_never(), None);
        writer.write(2);
        writer.write(3);
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
            writer.write(value);
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
            assert_eq!(writer.0.waiting().len(), 10);
        }
        assert!(writer.0.waiting().is_empty());
    }
}
