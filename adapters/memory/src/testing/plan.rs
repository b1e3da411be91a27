use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use horizon_core::{Error, Result};

use super::Call;

/// What shall become of calls, and how many there were.
#[derive(Default)]
pub(super) struct Plan(Mutex<BTreeMap<Call, Lane>>);

/// The calls of one method.
#[derive(Default)]
struct Lane {
    attempts: u64,
    delay: Duration,
    /// What becomes of the next calls; those behind them do what they should.
    fates: VecDeque<Fate>,
}

/// How a call fails.
pub(super) enum Fate {
    /// It does nothing.
    Refused(Error),
    /// It does what it should, and nobody hears of it.
    ReplyLost(Error),
}

impl Plan {
    /// One call of this method more will end so, behind those that are planned already.
    pub(super) fn add(&self, call: Call, fate: Fate) {
        self.lanes().entry(call).or_default().fates.push_back(fate);
    }

    /// From now on each call of this method takes so long.
    pub(super) fn delay(&self, call: Call, time: Duration) {
        self.lanes().entry(call).or_default().delay = time;
    }

    /// One attempt more.
    pub(super) fn count(&self, call: Call) {
        self.lanes().entry(call).or_default().attempts += 1;
    }

    /// How many attempts there were.
    pub(super) fn attempts(&self, call: Call) -> u64 {
        self.lanes().get(&call).map_or(0, |lane| lane.attempts)
    }

    /// How long the next call takes and how it fails, if it does.
    pub(super) fn next(&self, call: Call) -> (Duration, Option<Fate>) {
        let mut lanes = self.lanes();
        let lane = lanes.entry(call).or_default();
        (lane.delay, lane.fates.pop_front())
    }

    fn lanes(&self) -> MutexGuard<'_, BTreeMap<Call, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fate {
    /// What the caller is answered. `work` is what the call should do.
    pub(super) async fn befall<T>(fate: Option<Self>, work: impl Future<Output = Result<T>>) -> Result<T> {
        match fate {
            None => work.await,
            Some(Self::Refused(error)) => Err(error),
            Some(Self::ReplyLost(error)) => work.await.and(Err(error)),
        }
    }
}
