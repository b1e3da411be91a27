use std::sync::Arc;

use horizon_core::Result;
use horizon_core::presence::driver::PresenceDriver;

use super::{
    Call, Clock,
    accumulator::InlineAccumulator,
    connection::ConnectionState,
    fault_plan::{CallFault, FaultPlan},
    presence::{ManualTime, new_presence},
};
use crate::MemoryStore;

/// The adapters behind a fake, and its faults.
pub(super) struct FakeBackend {
    pub(super) presence: Arc<PresenceDriver<ManualTime>>,
    pub(super) accumulator: InlineAccumulator,
    pub(super) store: Arc<MemoryStore>,
    pub(super) faults: FaultPlan,
    pub(super) connection: ConnectionState,
    /// The connection of presence watches, which can be cut separately.
    pub(super) presence_watches: ConnectionState,
    clock: Clock,
}

impl FakeBackend {
    pub(super) fn new(clock: Clock) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self {
            presence: new_presence(&clock),
            accumulator: InlineAccumulator::new(clock.clone(), Arc::clone(&store) as _),
            store,
            faults: FaultPlan::default(),
            connection: ConnectionState::new(),
            presence_watches: ConnectionState::new(),
            clock,
        }
    }

    /// Runs the work of a call, subject to the connection and the planned faults.
    pub(super) async fn call<T>(&self, call: Call, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.faults.count_attempt(call);
        self.connection.check()?;
        let (delay, fault) = self.faults.next(call);
        self.clock.sleep(delay).await;
        // The test may have disconnected during the delay.
        self.connection.check()?;
        match fault {
            None => work.await,
            Some(CallFault::Fail(error)) => Err(error),
            Some(CallFault::LoseReply(error)) => work.await.and(Err(error)),
        }
    }
}
