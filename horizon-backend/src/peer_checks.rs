//! Compares this node with the other nodes in the registry: names must differ, accumulators must share a store.

use std::mem;
use std::time::Duration;

use horizon_core::Result;
use horizon_redis::{NodeInfo, NodeRegistry, NodeRole, RegisteredNode};
use tokio::time::Instant;

use crate::Health;

/// How many heartbeats of another node of the same name are a problem: 2. The last heartbeat of a process that was
/// killed may arrive after the first one of its successor.
const MAX_RIVAL_HEARTBEATS: u32 = 2;

/// How long no other node may use the name until the problem ends: 10 seconds.
const NAME_RECOVERY: Duration = Duration::from_secs(10);

/// How old the last heartbeat of a running node may be: 5 seconds.
const MAX_SILENCE: Duration = Duration::from_secs(5);

/// How many consecutive mismatches of the store are a problem: 2. A store that was just emptied has another identity
/// for a moment.
const MAX_MISMATCHES: u32 = 2;

/// Detects another node of the same name.
#[derive(Default)]
pub(super) struct NodeNameCheck {
    rival_heartbeats: u32,
    last_rival: Option<Instant>,
    has_warned: bool,
}

impl NodeNameCheck {
    /// Checks the response to a heartbeat.
    pub(super) fn update(&mut self, own: &NodeInfo, rival: Option<&NodeInfo>, health: &Health) {
        match rival {
            Some(rival) if is_accumulator(own) == is_accumulator(rival) => {
                self.rival_heartbeats += 1;
                self.last_rival = Some(Instant::now());
                if self.rival_heartbeats >= MAX_RIVAL_HEARTBEATS {
                    let name = &own.name;
                    health.fail(
                        "node-name",
                        format!(
                            "another process is named `{name}`, too, and each hides readers or events of the other: \
                             give each its own HORIZON_NODE"
                        ),
                    );
                }
            }
            Some(_) => self.warn(&own.name),
            None if self.last_rival.is_some_and(|last| last.elapsed() >= NAME_RECOVERY) => {
                *self = Self::default();
                health.recover("node-name");
            }
            None => {}
        }
    }

    fn warn(&mut self, name: &str) {
        if !mem::replace(&mut self.has_warned, true) {
            tracing::warn!(
                name,
                "a web node and an accumulator have the same name, so /cluster lists only one of them: give each its \
                 own HORIZON_NODE"
            );
        }
    }
}

/// Detects accumulators that count into another store.
#[derive(Default)]
pub(super) struct SharedStoreCheck {
    mismatches: u32,
    has_warned: bool,
}

impl SharedStoreCheck {
    /// Compares the store with those of the registered nodes.
    pub(super) async fn run(&mut self, registry: &NodeRegistry, own: &NodeInfo, health: &Health) -> Result<()> {
        let nodes = registry.nodes().await?;
        let mut others = nodes
            .iter()
            .filter(|node| uses_another_store(node, own, registry.instance()));
        if let Some(other) = others.next() {
            self.mismatches += 1;
            if self.mismatches >= MAX_MISMATCHES {
                self.report(own, &other.info.name, health);
            }
        } else {
            *self = Self::default();
            health.recover("accumulators");
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
        } else if !mem::replace(&mut self.has_warned, true) {
            tracing::warn!(
                accumulator = other,
                "the accumulator counts into another store than this node reads, so its likes and comments do not \
                 appear here: give both the same HORIZON_STORE"
            );
        }
    }
}

/// Returns whether this node is another running accumulator with another store.
fn uses_another_store(node: &RegisteredNode, own: &NodeInfo, instance: &str) -> bool {
    let info = &node.info;
    is_accumulator(info)
        && info.instance.as_deref() != Some(instance)
        && node.silent_for < MAX_SILENCE
        && info.store.is_some()
        && own.store.is_some()
        && info.store != own.store
}

fn is_accumulator(info: &NodeInfo) -> bool {
    matches!(info.role, NodeRole::Accumulator { .. })
}

#[cfg(test)]
mod tests {
    use horizon_core::Timestamp;

    use super::*;

    fn web() -> NodeInfo {
        NodeInfo::new("one", Timestamp::default(), NodeRole::Web { viewers: 0 })
    }

    fn accumulator() -> NodeInfo {
        let role = NodeRole::Accumulator {
            counted: 0,
            unread: 0,
            pending: 0,
            lost: 0,
        };
        NodeInfo::new("one", Timestamp::default(), role)
    }

    #[tokio::test(start_paused = true)]
    async fn two_heartbeats_of_another_node_make_a_name_a_problem_until_it_is_silent() {
        let (mut check, health) = (NodeNameCheck::default(), Health::default());
        check.update(&web(), Some(&web()), &health);
        assert!(health.problems().is_empty());
        check.update(&web(), Some(&web()), &health);
        assert!(health.problems()[0].starts_with("node-name: another process is named `one`, too"));
        check.update(&web(), None, &health);
        assert_eq!(health.problems().len(), 1);
        tokio::time::advance(NAME_RECOVERY).await;
        check.update(&web(), None, &health);
        assert!(health.problems().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_web_node_and_an_accumulator_with_one_name_are_only_a_warning() {
        let (mut check, health) = (NodeNameCheck::default(), Health::default());
        for _ in 0..5 {
            check.update(&web(), Some(&accumulator()), &health);
        }
        assert!(health.problems().is_empty() && check.has_warned);
    }
}
