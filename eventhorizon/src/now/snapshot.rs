use std::{collections::HashMap, sync::Arc};

use horizon_core::Slug;

/// What happens on the site at this moment, on all nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NowSnapshot {
    /// The distinct viewers of the site. `None` while they are unknown.
    pub viewers: Option<u64>,
    /// The pages with the most viewers, the highest first, then by slug.
    pub pages: Vec<ActivePage>,
    /// The sources of these viewers, the highest first, then by name.
    pub sources: Vec<ActiveSource>,
    /// The viewers of the site in each of the last 30 minutes, the oldest first: the highest sample of the minute.
    /// The last one includes `viewers`. `None` before this process had a sample.
    pub minutes: Vec<Option<u64>>,
    /// The web nodes whose pages and sources are included.
    pub nodes: usize,
    /// The web nodes that are registered but did not send a heartbeat lately.
    pub silent_nodes: usize,
}

/// A page and its viewers at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivePage {
    /// The page.
    pub slug: Slug,
    /// Its viewers, each counted once on all nodes. What only other nodes know is at most the number of viewers of the
    /// site.
    pub viewers: u64,
}

/// A source and the viewers who came from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveSource {
    /// The source, as in [`Dimension::Source`](crate::Dimension::Source). Empty for direct visits and unknown sources.
    pub source: Arc<str>,
    /// The viewers, summed over the nodes: a visitor with connections to two nodes counts twice.
    pub viewers: u64,
}

/// What the other web nodes report about their viewers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OtherNodes {
    /// The viewers of their pages, as the node with the highest number knows them.
    pub(super) pages: HashMap<Slug, u64>,
    /// The sources of their viewers, summed.
    pub(super) sources: HashMap<Arc<str>, u64>,
    /// The nodes that send heartbeats.
    pub(super) active: usize,
    /// The nodes that did not send one lately.
    pub(super) silent: usize,
}
