use std::{
    io::{Write, stdout},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use horizon_backend::{StoreHandle, now, shutdown_signal, start_log};
use horizon_redis::{ConsumerConfig, RedisConsumer};
use tokio::net::TcpListener;

use super::{MutantOptions, consumer::MutantConsumer, probes::probes, store::MutantStore};
use crate::mutant::FaultMutant;

/// A claim interval that is longer than any run.
const NEVER: Duration = Duration::from_secs(24 * 3_600);

/// Runs an accumulator with the defect.
pub(crate) async fn accumulator(options: &MutantOptions) -> anyhow::Result<()> {
    let _log = start_log();
    let (redis, store) = options.redis_and_store()?;
    let mut feed = ConsumerConfig::new(options.node.as_str());
    if options.mutant == FaultMutant::NeverClaims {
        feed.claim_after = NEVER;
    }
    let feed = MutantConsumer {
        feed: RedisConsumer::connect(&redis, feed)?,
        mutant: options.mutant,
    };
    let opened = StoreHandle::open(&store)?;
    let reports = opened.stats.reports().context("the store has no reports")?;
    reports.set_time_zone(&options.time_zone).await?;
    let store = MutantStore {
        store: Arc::clone(&opened.stats),
        mutant: options.mutant,
    };
    let listener = TcpListener::bind(options.addr).await?;
    writeln!(stdout(), "The mutant is at http://{}", listener.local_addr()?)?;
    tokio::select! {
        answered = axum::serve(listener, probes(opened)) => answered?,
        () = horizon_backend::run_accumulator(feed, Arc::new(store), now, shutdown_signal()) => {}
    }
    Ok(())
}
