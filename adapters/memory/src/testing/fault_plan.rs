use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use horizon_core::Error;
use parking_lot::Mutex;

use super::Call;

/// The planned faults of each method, and how often each was called.
#[derive(Default)]
pub(super) struct FaultPlan(Mutex<BTreeMap<Call, MethodFaults>>);

#[derive(Default)]
struct MethodFaults {
    attempts: u64,
    delay: Duration,
    /// The faults of the next calls. Later calls succeed.
    next: VecDeque<CallFault>,
}

/// How a call fails.
pub(super) enum CallFault {
    /// The call does nothing and returns the error.
    Fail(Error),
    /// The call does its work and returns the error.
    LoseReply(Error),
}

impl FaultPlan {
    /// Adds a fault after those that are planned for this method.
    pub(super) fn push(&self, call: Call, fault: CallFault) {
        self.0.lock().entry(call).or_default().next.push_back(fault);
    }

    pub(super) fn set_delay(&self, call: Call, delay: Duration) {
        self.0.lock().entry(call).or_default().delay = delay;
    }

    pub(super) fn count_attempt(&self, call: Call) {
        self.0.lock().entry(call).or_default().attempts += 1;
    }

    pub(super) fn attempts(&self, call: Call) -> u64 {
        self.0.lock().get(&call).map_or(0, |method| method.attempts)
    }

    /// Returns the delay of the next call, and removes and returns its fault.
    pub(super) fn next(&self, call: Call) -> (Duration, Option<CallFault>) {
        let mut methods = self.0.lock();
        let method = methods.entry(call).or_default();
        (method.delay, method.next.pop_front())
    }
}
