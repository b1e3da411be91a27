//! The classes that check the second promise: nothing is lost in silence.
//!
//! What is acknowledged is counted exactly, or the loss is reported: an ERROR line, a metric, and 503 from `/readyz`
//! with the reason. Articles stay readable meanwhile, and `/readyz` tells the truth.

mod articles;
mod clock;
mod database;
mod front;
mod full_disk;
mod likers;
mod link;
mod log;
mod partition;
mod redis_loss;
mod scene;
mod tmpfs;
mod topology;
mod witness;

use horizon_test_support::Seed;

pub(crate) use self::front::Front;
use self::scene::Scene;
use crate::{classes::Class, report::Outcome, scale::Scale};

/// Plays a class of this family.
pub(crate) async fn play(outcome: &mut Outcome, scale: &Scale, dice: Seed) -> anyhow::Result<()> {
    let class = outcome.class;
    let mut scene = Scene::new(outcome.defect, scale, dice)?;
    let played = strike(class, &mut scene).await;
    scene.hand_over(outcome);
    played
}

async fn strike(class: Class, scene: &mut Scene) -> anyhow::Result<()> {
    match class {
        Class::StreamDeleted => redis_loss::stream_deleted(scene).await,
        Class::Flushall => redis_loss::flushall(scene).await,
        Class::RedisEmptied => redis_loss::restarted_empty(scene).await,
        Class::Eviction => redis_loss::eviction(scene).await,
        Class::ClockOff => clock::off(scene).await,
        Class::Partition => partition::without_wait(scene).await,
        Class::PartitionWait => partition::with_wait(scene).await,
        Class::DatabaseDeleted => database::deleted(scene).await,
        Class::ForeignDatabase => database::foreign(scene).await,
        Class::ClusterNode => topology::cluster_node(scene).await,
        Class::TwoStores => topology::two_stores(scene).await,
        Class::DuplicateNames => topology::duplicate_names(scene).await,
        Class::DeadLog => log::dead(scene).await,
        Class::FullDisk => full_disk::with_the_log(scene).await,
        _ => anyhow::bail!("{} is played elsewhere", class.name()),
    }
}
