//! Reads the viewers of the other web nodes from the node registry.

use super::OtherNodes;
use crate::Horizon;

#[derive(Default)]
pub(crate) struct OtherNodesCache;

impl Horizon {
    #[expect(clippy::unused_async, reason = "the registry comes with the next commit")]
    pub(super) async fn other_nodes(&self) -> OtherNodes {
        OtherNodes::default()
    }
}
