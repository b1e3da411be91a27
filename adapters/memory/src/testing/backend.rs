use std::sync::Arc;

use horizon_core::Result;

use super::{
    Call, Clock,
    counter::Counter,
    link::Link,
    plan::{Fate, Plan},
    presence::{HandTime, presence},
};
use crate::{MemoryStats, presence::driver::Driver};

/// What stands behind the ports of a fake.
pub(super) struct Backend {
    pub(super) presence: Arc<Driver<HandTime>>,
    pub(super) counter: Counter,
    pub(super) store: Arc<MemoryStats>,
    pub(super) plan: Plan,
    pub(super) link: Link,
    /// The way to the numbers of who is here, which can be cut alone.
    pub(super) viewers: Link,
    clock: Clock,
}

impl Backend {
    pub(super) fn new(clock: Clock) -> Self {
        let store = Arc::new(MemoryStats::new());
        Self {
            presence: presence(&clock),
            counter: Counter::new(clock.clone(), Arc::clone(&store) as _),
            store,
            plan: Plan::default(),
            link: Link::new(),
            viewers: Link::new(),
            clock,
        }
    }

    /// Does the work of a call, as far as the link and the plan let it.
    pub(super) async fn call<T>(&self, call: Call, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.plan.count(call);
        self.link.check()?;
        let (delay, fate) = self.plan.next(call);
        self.clock.sleep(delay).await;
        // It may have been cut meanwhile.
        self.link.check()?;
        Fate::befall(fate, work).await
    }
}
