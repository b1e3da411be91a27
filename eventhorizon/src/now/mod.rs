//! What happens on the site at this moment: viewers, active pages, their sources, and the last 30 minutes.

#[cfg_attr(not(feature = "redis"), path = "other_nodes_disabled.rs")]
mod other_nodes;
mod read;
mod recent_viewers;
mod sampler;
mod snapshot;
mod state;
mod viewer_sources;

pub(crate) use sampler::run_sampler;
use snapshot::OtherNodes;
pub use snapshot::{ActivePage, ActiveSource, NowSnapshot};
pub(crate) use state::NowState;
pub(crate) use viewer_sources::{ConnectionSource, SourceGuard, ViewerSources};
