//! Classes that check that every loss is reported.
//!
//! Acknowledged events are counted exactly, or the loss is reported by an ERROR line, a metric, and `/readyz` with
//! status 503 and the reason. Articles stay readable, and `/readyz` reports the problem.

mod article_readers;
mod clock;
mod database;
mod dead_log;
mod full_disk;
mod like_clients;
mod mutant_proxy;
mod partition;
mod postgres;
mod postgres_disk;
mod problem_reports;
mod redis_loss;
mod report_totals;
mod scenario;
mod switchable_link;
mod tmpfs;
mod topology;

pub(crate) use self::mutant_proxy::MutantProxy;
use fastrand::Rng;

use self::scenario::AlarmScenario;
use crate::{classes::Class, report::ClassOutcome, scale::Scale};

/// Runs a class of this module.
pub(crate) async fn play(outcome: &mut ClassOutcome, scale: &Scale, rng: Rng) -> anyhow::Result<()> {
    let class = outcome.class;
    let mut scenario = AlarmScenario::new(outcome.mutant, scale, rng)?;
    let played = run_class(class, &mut scenario).await;
    scenario.finish(outcome);
    played
}

async fn run_class(class: Class, scenario: &mut AlarmScenario) -> anyhow::Result<()> {
    match class {
        Class::StreamDeleted => redis_loss::stream_deleted(scenario).await,
        Class::Flushall => redis_loss::flushall(scenario).await,
        Class::RedisEmptied => redis_loss::restarted_empty(scenario).await,
        Class::Eviction => redis_loss::eviction(scenario).await,
        Class::ClockOff => clock::shifted(scenario).await,
        Class::Partition => partition::without_wait(scenario).await,
        Class::PartitionWait => partition::with_wait(scenario).await,
        Class::DatabaseDeleted => database::deleted(scenario).await,
        Class::ForeignDatabase => database::foreign(scenario).await,
        Class::ClusterNode => topology::cluster_node(scenario).await,
        Class::TwoStores => topology::two_stores(scenario).await,
        Class::DuplicateNames => topology::duplicate_names(scenario).await,
        Class::DeadLog => dead_log::dead(scenario).await,
        Class::FullDisk => full_disk::with_the_log(scenario).await,
        Class::PostgresBlog => postgres::blog(scenario).await,
        Class::PostgresTablesFull => postgres_disk::tables_full(scenario).await,
        Class::PostgresWalFull => postgres_disk::wal_full(scenario).await,
        _ => anyhow::bail!("{} is not a class of this module", class.name()),
    }
}
