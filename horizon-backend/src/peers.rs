//! What the list of processes says about this one: a name that is taken, a store that is another one.

use std::time::Duration;

use horizon_core::Result;
use horizon_redis::{NodeInfo, NodeRegistry, NodeRole, RegisteredNode};
use tokio::time::Instant;

use crate::Health;

/// How often another process of the same name must be heard of before it is a problem: twice. The last word of one that
/// was just ended may arrive after the first of the one in its place.
const SIGHTINGS: u32 = 2;

/// How long a name must be nobody else's before the problem is gone: ten seconds.
const NAME_CLEAR: Duration = Duration::from_secs(10);

/// How long a process may be silent and still counts as running: five seconds.
const RUNNING: Duration = Duration::from_secs(5);

/// How often in a row another store must be seen before it is a problem: twice. A store that was just emptied has
/// another identity for a moment.
const MISMATCHES: u32 = 2;

/// Watches for another process of the same name.
#[derive(Default)]
pub(super) struct Name {
    sightings: u32,
    last: Option<Instant>,
    warned: bool,
}

impl Name {
    /// Learns whom a sign of life met under the name of this process.
    pub(super) fn note(&mut self, own: &NodeInfo, rival: Option<&NodeInfo>, health: &Health) {
        match rival {
            Some(rival) if is_accumulator(own) == is_accumulator(rival) => {
                self.sightings += 1;
                self.last = Some(Instant::now());
                if self.sightings >= SIGHTINGS {
                    health.fail("node-name", taken(&own.name));
                }
            }
            Some(_) => self.warn(&own.name),
            None if self.last.is_some_and(|last| last.elapsed() >= NAME_CLEAR) => {
                *self = Self::default();
                health.recover("node-name");
            }
            None => {}
        }
    }

    fn warn(&mut self, name: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(
                name,
                "a web node and an accumulator have the same name, so /cluster lists only one of them: give each its \
                 own HORIZON_NODE"
            );
        }
    }
}

fn taken(name: &str) -> String {
    format!(
        "another process is named `{name}`, too, and of their readers or events one hides the other's: give each its \
         own HORIZON_NODE"
    )
}

/// Watches for accumulators that count into another store.
#[derive(Default)]
pub(super) struct Stores {
    /// How often in a row there was one.
    mismatches: u32,
    warned: bool,
}

impl Stores {
    /// Looks through the list of processes.
    pub(super) async fn check(&mut self, cluster: &NodeRegistry, own: &NodeInfo, health: &Health) -> Result<()> {
        let members = cluster.members().await?;
        match members
            .iter()
            .find(|member| counts_elsewhere(member, own, cluster.instance()))
        {
            Some(other) => {
                self.mismatches += 1;
                if self.mismatches >= MISMATCHES {
                    self.report(own, &other.about.name, health);
                }
            }
            None => {
                *self = Self::default();
                health.recover("accumulators");
            }
        }
        Ok(())
    }

    fn report(&mut self, own: &NodeInfo, other: &str, health: &Health) {
        if is_accumulator(own) {
            health.fail(
                "accumulators",
                format!(
                    "the accumulator `{other}` counts into another store, so each has a part of the events: give all \
                     accumulators of this Redis the same HORIZON_STORE"
                ),
            );
        } else if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(
                accumulator = other,
                "the accumulator counts into another store than this node reads: likes and comments that are counted \
                 do not show here. Give both the same HORIZON_STORE"
            );
        }
    }
}

/// Whether this is another process that counts into another store now.
fn counts_elsewhere(member: &RegisteredNode, own: &NodeInfo, instance: &str) -> bool {
    let about = &member.about;
    is_accumulator(about)
        && about.instance.as_deref() != Some(instance)
        && member.silent_for < RUNNING
        && about.store.is_some()
        && own.store.is_some()
        && about.store != own.store
}

fn is_accumulator(about: &NodeInfo) -> bool {
    matches!(about.work, NodeRole::Accumulator { .. })
}

#[cfg(test)]
mod tests {
    use horizon_core::Timestamp;

    use super::*;

    fn web() -> NodeInfo {
        NodeInfo::new("one", Timestamp::default(), NodeRole::Web { viewers: 0 })
    }

    fn accumulator() -> NodeInfo {
        let work = NodeRole::Accumulator {
            counted: 0,
            unread: 0,
            pending: 0,
            lost: 0,
        };
        NodeInfo::new("one", Timestamp::default(), work)
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_taken_once_another_was_heard_of_twice_and_free_after_a_silence() {
        let (mut name, health) = (Name::default(), Health::default());
        name.note(&web(), Some(&web()), &health);
        assert!(health.problems().is_empty());
        name.note(&web(), Some(&web()), &health);
        assert!(health.problems()[0].starts_with("node-name: another process is named `one`, too"));
        name.note(&web(), None, &health);
        assert_eq!(health.problems().len(), 1);
        tokio::time::advance(NAME_CLEAR).await;
        name.note(&web(), None, &health);
        assert!(health.problems().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_web_node_and_an_accumulator_of_one_name_do_their_work() {
        let (mut name, health) = (Name::default(), Health::default());
        for _ in 0..5 {
            name.note(&web(), Some(&accumulator()), &health);
        }
        assert!(health.problems().is_empty() && name.warned);
    }
}
