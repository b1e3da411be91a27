use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use horizon_core::{Error, error_chain};
use parking_lot::Mutex;

use super::Call;

/// The planned faults of each method, and how often each was called.
#[derive(Default)]
pub(super) struct FaultPlan(Mutex<BTreeMap<Call, MethodFaults>>);

#[derive(Default)]
struct MethodFaults {
    attempts: u64,
    delay: Duration,
    /// The faults of the next calls.
    next: VecDeque<CallFault>,
    /// The errors of all calls after those, by the number of their fault. The newest counts.
    lasting: BTreeMap<u64, Error>,
    /// The number of lasting faults so far.
    serial: u64,
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

    /// Makes all calls of this method fail that have no fault of their own. Returns the number of the fault.
    pub(super) fn start(&self, call: Call, error: Error) -> u64 {
        let mut methods = self.0.lock();
        let method = methods.entry(call).or_default();
        method.serial += 1;
        method.lasting.insert(method.serial, error);
        method.serial
    }

    /// Ends a lasting fault.
    pub(super) fn end(&self, call: Call, number: u64) {
        self.0.lock().entry(call).or_default().lasting.remove(&number);
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

    /// Returns the delay of the next call, and its fault. Removes the fault unless it lasts.
    pub(super) fn next(&self, call: Call) -> (Duration, Option<CallFault>) {
        let mut methods = self.0.lock();
        let method = methods.entry(call).or_default();
        let lasting = || method.lasting.values().next_back().map(copy).map(CallFault::Fail);
        let fault = method.next.pop_front().or_else(lasting);
        (method.delay, fault)
    }
}

/// Returns an equal error whose causes are one text.
fn copy(error: &Error) -> Error {
    let copy = if error.is_retryable() {
        Error::unavailable(error.to_string())
    } else {
        Error::permanent(error.to_string())
    };
    match error_chain(error) {
        causes if causes.is_empty() => copy,
        causes => copy.with_source(causes),
    }
}
