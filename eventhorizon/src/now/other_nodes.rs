//! Reads the viewers of the other web nodes from the node registry.

use std::{sync::Arc, time::Duration};

use horizon_core::{Error, Result};
use horizon_redis::{HEARTBEAT_INTERVAL, NodeRegistry, NodeRole, RegisteredNode};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::{
    OtherNodes,
    read::{MAX_PAGES, MAX_SOURCES, highest},
};
use crate::Horizon;

/// The time limit for reading the registry: 200 milliseconds.
const REGISTRY_TIMEOUT: Duration = Duration::from_millis(200);

/// After this time without a heartbeat, a node is silent: 3 seconds. What was read is used for as long.
const SILENT_AFTER: Duration = HEARTBEAT_INTERVAL.saturating_mul(3);

/// What was last read, and when.
#[derive(Default)]
pub(crate) struct OtherNodesCache(Mutex<Option<(Instant, OtherNodes)>>);

impl Horizon {
    /// Adds the pages and sources of this process' viewers to its heartbeats.
    pub(crate) fn report_viewers(&self) {
        let site = Arc::downgrade(&self.0);
        self.0.backend.describe_node(move |info| {
            let Some(site) = site.upgrade() else { return };
            info.pages = site.hub.busiest_pages(MAX_PAGES).into_iter().collect();
            let sources = highest(site.now.sources.viewers(), MAX_SOURCES).into_iter();
            info.sources = sources.map(|(source, viewers)| (source.to_string(), viewers)).collect();
        });
    }

    /// Returns what the other web nodes report, or what they reported up to 3 seconds ago if Redis does not respond.
    pub(super) async fn other_nodes(&self) -> OtherNodes {
        let Some(registry) = self.0.backend.registry() else {
            return OtherNodes::default();
        };
        let cache = &self.0.now.other_nodes.0;
        match read(registry).await {
            Ok(nodes) => {
                *cache.lock() = Some((Instant::now(), nodes.clone()));
                nodes
            }
            Err(error) => {
                tracing::debug!(%error, "reading the active pages of other nodes failed");
                let last = cache
                    .lock()
                    .clone()
                    .filter(|(read_at, _)| read_at.elapsed() < SILENT_AFTER);
                last.map(|(_, nodes)| nodes).unwrap_or_default()
            }
        }
    }
}

async fn read(registry: &NodeRegistry) -> Result<OtherNodes> {
    let nodes = timeout(REGISTRY_TIMEOUT, registry.nodes()).await;
    let late = |elapsed| Err(Error::unavailable("Redis did not respond in time").with_source(elapsed));
    Ok(merge(nodes.unwrap_or_else(late)?, registry.instance()))
}

/// Merges what the web nodes report, without the one of this process.
fn merge(nodes: Vec<RegisteredNode>, instance: &str) -> OtherNodes {
    let mut merged = OtherNodes::default();
    for RegisteredNode { info, silent_for, .. } in nodes {
        if !matches!(info.role, NodeRole::Web { .. }) || info.instance.as_deref() == Some(instance) {
            continue;
        }
        if silent_for > SILENT_AFTER {
            merged.silent += 1;
            continue;
        }
        merged.active += 1;
        for (slug, viewers) in info.pages {
            let highest = merged.pages.entry(slug).or_default();
            *highest = viewers.max(*highest);
        }
        for (source, viewers) in info.sources {
            let sum: &mut u64 = merged.sources.entry(source.into()).or_default();
            *sum = sum.saturating_add(viewers);
        }
    }
    merged
}
