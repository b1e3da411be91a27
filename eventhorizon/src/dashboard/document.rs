//! The document and the parts of it that the live stream replaces.

use std::sync::Arc;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use crate::{Horizon, NowSnapshot, Problem, rules::Rules};

/// Returns the document of the dashboard for the query of its URL.
///
/// # Errors
/// The store does not respond.
pub(crate) async fn document(horizon: &Horizon, query: &str, is_public: bool) -> Result<String, Problem> {
    let _ = (horizon, query, is_public);
    Ok("<!doctype html><html lang=\"en\"><title>Dashboard</title>".into())
}

/// Returns what happens now: the latest at once, then changes, at most one a second.
pub(super) fn snapshots(horizon: &Horizon) -> BoxStream<'static, Arc<NowSnapshot>> {
    let _ = horizon;
    stream::once(async { Arc::new(NowSnapshot::default()) })
        .chain(stream::pending())
        .boxed()
}

/// Returns the HTML of the inside of `<section id="now">`.
pub(super) fn now_section(rules: &Rules, snapshot: &NowSnapshot) -> String {
    let _ = rules;
    format!("{:?}", snapshot.viewers)
}
