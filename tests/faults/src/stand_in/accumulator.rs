use std::{
    io::{Write, stdout},
    sync::Arc,
    time::Duration,
};

use horizon_backend::{StoreHandle, now, shutdown_signal, start_log};
use horizon_redis::{ConsumerConfig, RedisConsumer};
use tokio::net::TcpListener;

use super::{Place, feed::BrokenFeed, probes::probes, store::BrokenStore};
use crate::defect::Defect;

/// When an accumulator that takes nothing over would take over: longer than any run, one day.
const NEVER: Duration = Duration::from_secs(24 * 3_600);

/// Counts as the product's accumulator does, but for the defect.
pub(crate) async fn accumulator(place: &Place) -> anyhow::Result<()> {
    let _log = start_log();
    let (redis, store) = place.redis_and_store()?;
    let mut feed = ConsumerConfig::new(place.node.as_str());
    if place.defect == Defect::NeverTakesOver {
        feed.claim_after = NEVER;
    }
    let feed = BrokenFeed {
        feed: RedisConsumer::connect(&redis, feed)?,
        defect: place.defect,
    };
    let opened = StoreHandle::open(&store)?;
    let store = BrokenStore {
        store: Arc::clone(&opened.stats),
        defect: place.defect,
    };
    let listener = TcpListener::bind(place.addr).await?;
    writeln!(stdout(), "The stand-in is at http://{}", listener.local_addr()?)?;
    tokio::select! {
        answered = axum::serve(listener, probes(opened)) => answered?,
        () = horizon_backend::run_accumulator(feed, Arc::new(store), now, shutdown_signal()) => {}
    }
    Ok(())
}
