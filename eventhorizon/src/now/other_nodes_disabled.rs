//! Without the feature `redis` there are no other nodes.

use super::OtherNodes;
use crate::Horizon;

impl Horizon {
    #[expect(clippy::unused_async, reason = "with the feature `redis` it reads from Redis")]
    pub(super) async fn other_nodes(&self) -> OtherNodes {
        OtherNodes::default()
    }
}
