//! A channel for the latest value of something, with many receivers that wait for a newer one.
//!
//! A receiver keeps its place in the list of waiters from one value to the next. With `tokio::sync::watch` it leaves
//! the list and joins it again for each value, which costs more: docs/decisions/0014-a-live-stream-leaves-hyper.md.

use std::{
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::Stream;
use parking_lot::Mutex;
use slab::Slab;

/// Returns a channel that holds this value.
pub(crate) fn latest_channel<T>(first: T) -> (LatestSender<T>, LatestReceiver<T>) {
    let state = Arc::new(LatestState {
        value: Mutex::new(Arc::new(first)),
        version: AtomicU64::new(1),
        is_closed: AtomicBool::new(false),
        waiters: Mutex::default(),
    });
    let receiver = LatestReceiver::new(Arc::clone(&state));
    (LatestSender(state), receiver)
}

struct LatestState<T> {
    value: Mutex<Arc<T>>,
    /// Increases with each value.
    version: AtomicU64,
    is_closed: AtomicBool,
    /// The tasks that wait, at most one for each receiver.
    waiters: Mutex<Slab<Waker>>,
}

impl<T> LatestState<T> {
    fn wake_all(&self) {
        // Wakers are called and dropped without the lock, because a task that ends then drops its receiver.
        let wakers: Vec<Waker> = self.waiters.lock().iter().map(|(_, waker)| waker.clone()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Sends values. When it is dropped, receivers get the last value and then the end.
pub(crate) struct LatestSender<T>(Arc<LatestState<T>>);

impl<T> LatestSender<T> {
    /// Replaces the value, and wakes the tasks that wait for one.
    pub(crate) fn send(&self, value: T) {
        let previous = mem::replace(&mut *self.0.value.lock(), Arc::new(value));
        drop(previous);
        self.0.version.fetch_add(1, Ordering::Release);
        self.0.wake_all();
    }
}

impl<T> Drop for LatestSender<T> {
    fn drop(&mut self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.0.wake_all();
    }
}

/// Receives the current value, then newer ones. A slow receiver misses values, but never the last one.
pub(crate) struct LatestReceiver<T> {
    state: Arc<LatestState<T>>,
    /// The version of the value that was received last.
    seen: u64,
    /// The key in the list of waiters, and the waker there.
    waiter: Option<(usize, Waker)>,
}

impl<T> LatestReceiver<T> {
    fn new(state: Arc<LatestState<T>>) -> Self {
        Self {
            state,
            seen: 0,
            waiter: None,
        }
    }

    /// Returns the current value.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.state.value.lock())
    }

    /// Registers the task that the next value wakes.
    fn register(&mut self, waker: &Waker) {
        match &mut self.waiter {
            Some((_, current)) if current.will_wake(waker) => {}
            Some((key, current)) => {
                current.clone_from(waker);
                let mut waiters = self.state.waiters.lock();
                let previous = waiters.get_mut(*key).map(|slot| mem::replace(slot, waker.clone()));
                drop(waiters);
                drop(previous);
            }
            None => {
                let key = self.state.waiters.lock().insert(waker.clone());
                self.waiter = Some((key, waker.clone()));
            }
        }
    }
}

impl<T> Clone for LatestReceiver<T> {
    /// Returns a receiver that gets the current value first.
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.state))
    }
}

impl<T> Stream for LatestReceiver<T> {
    type Item = Arc<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<T>>> {
        // Register before reading the version, so that a value in between wakes this task. Read `is_closed` before the
        // version, so that the last value is not missed.
        self.register(cx.waker());
        let is_closed = self.state.is_closed.load(Ordering::Acquire);
        let version = self.state.version.load(Ordering::Acquire);
        if version != self.seen {
            self.seen = version;
            return Poll::Ready(Some(self.get()));
        }
        if is_closed { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl<T> Drop for LatestReceiver<T> {
    fn drop(&mut self) {
        if let Some((key, _)) = self.waiter.take() {
            let waker = self.state.waiters.lock().try_remove(key);
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests;
