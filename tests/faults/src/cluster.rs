use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use horizon_backend::{StoreHandle, now};
use horizon_core::{
    Slug, Topic,
    reports::{Reports, SiteTimeZone},
};
use horizon_redis::{RedisBus, RedisConfig, testing::RedisServer};
use horizon_test_support::{Posts, wait_until};
use tempfile::TempDir;

use crate::{
    classes::Class,
    counts::PageTotals,
    mutant::{FaultMutant, MutatedPart},
    node_process::{NodeProcess, Role},
    postgres::FaultPostgres,
    site_zone::zone_at_five,
    stream_recorder::StreamRecorder,
};

/// The header of readers with a privacy signal. Their likes and comments are the only events: they send no visit.
pub(crate) const NO_VISIT: (&str, &str) = ("sec-gpc", "1");

/// The pages of all events.
pub(crate) const SLUGS: [&str; 2] = ["hello", "second"];

/// The number of web nodes.
const WEBS: usize = 2;

/// The number of accumulators of a store in Redis or PostgreSQL. A store in an SQLite file has one.
const ACCUMULATORS: usize = 2;

/// The secret of all web nodes, so that a cookie of one is valid on the others.
pub(crate) const SECRET: &str = "the secret that all web nodes of the fault run share";

/// A Redis server, and the web nodes and accumulators that use it.
pub(crate) struct FaultCluster {
    pub(crate) redis: RedisServer,
    postgres: Option<FaultPostgres>,
    pub(crate) webs: Vec<NodeProcess>,
    pub(crate) accumulators: Vec<NodeProcess>,
    pub(crate) slugs: Vec<Slug>,
    pub(crate) recorder: StreamRecorder,
    zone: SiteTimeZone,
    config: RedisConfig,
    store_url: String,
    store: StoreHandle,
    posts: Posts,
    folder: TempDir,
}

impl FaultCluster {
    /// Starts all processes for a class.
    pub(crate) async fn start(class: Class, mutant: Option<FaultMutant>) -> anyhow::Result<Self> {
        let keeps_nothing: &[&str] = match mutant {
            Some(FaultMutant::NoPersistence) => &["--appendonly", "no"],
            _ => &[],
        };
        let redis = RedisServer::start(&[class.redis_options(), keeps_nothing].concat()).await?;
        let config = RedisConfig::new(&redis.url())?;
        let (folder, posts) = (TempDir::new()?, Posts::two()?);
        let postgres = match class.has_postgres_store() {
            true => Some(FaultPostgres::start(mutant).await?),
            false => None,
        };
        let (store_url, accumulators) = match &postgres {
            Some(postgres) => (postgres.server.url(), ACCUMULATORS),
            None if class.has_sqlite_store() => (format!("sqlite:{}", folder.path().join("horizon.db").display()), 1),
            None => (redis.url(), ACCUMULATORS),
        };
        let zone = zone_at_five(now())?;
        let mut cluster = Self {
            store: StoreHandle::open(&store_url.parse()?)?,
            store_url,
            recorder: StreamRecorder::start(&redis, &zone).await?,
            zone,
            slugs: SLUGS
                .iter()
                .map(|slug| Ok(Slug::new(slug)?))
                .collect::<anyhow::Result<_>>()?,
            redis,
            postgres,
            config,
            webs: Vec::new(),
            accumulators: Vec::new(),
            posts,
            folder,
        };
        for number in 0..accumulators {
            let accumulator = cluster.node(Role::Accumulator, number, mutant).await?;
            cluster.accumulators.push(accumulator);
        }
        for number in 0..WEBS {
            let web = cluster.node(Role::Web, number, mutant).await?;
            cluster.webs.push(web);
        }
        Ok(cluster)
    }

    async fn node(&self, role: Role, number: usize, mutant: Option<FaultMutant>) -> anyhow::Result<NodeProcess> {
        let part = match role {
            Role::Web => MutatedPart::Webs,
            Role::Accumulator => MutatedPart::Accumulators,
        };
        let store_url = match &self.postgres {
            Some(postgres) => postgres.url(&format!("{}-{number}", role.word())),
            None => self.store_url.clone(),
        };
        let mut variables = vec![
            ("HORIZON_BUS", self.redis.url()),
            ("HORIZON_STORE", store_url),
            ("HORIZON_TIMEZONE", self.zone.name().to_owned()),
        ];
        if role == Role::Web {
            variables.push(("HORIZON_SECRET", SECRET.into()));
            variables.push(("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32".into()));
            variables.push(("HORIZON_POSTS", self.posts.path().to_string_lossy().into_owned()));
        }
        let mutant = mutant.filter(|mutant| mutant.replaces(part));
        NodeProcess::start(role, number, mutant, variables, self.folder.path()).await
    }

    /// Returns the PostgreSQL server, if the class has one.
    pub(crate) fn postgres(&self) -> anyhow::Result<&FaultPostgres> {
        self.postgres.as_ref().context("this class has no PostgreSQL")
    }

    /// Returns a connection to the event bus.
    pub(crate) fn bus(&self) -> anyhow::Result<RedisBus> {
        Ok(RedisBus::connect(&self.config, self.store.stats.clone())?)
    }

    pub(crate) fn web(&mut self, number: u64) -> anyhow::Result<&mut NodeProcess> {
        pick(&mut self.webs, number)
    }

    pub(crate) fn accumulator(&mut self, number: u64) -> anyhow::Result<&mut NodeProcess> {
        pick(&mut self.accumulators, number)
    }

    /// Returns all processes except Redis.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeProcess> {
        self.webs.iter().chain(&self.accumulators)
    }

    /// Stops all web nodes, so that no further event is sent.
    pub(crate) async fn stop_webs(&mut self) -> anyhow::Result<()> {
        for web in &mut self.webs {
            web.stop().await?;
        }
        Ok(())
    }

    /// Returns whether the web nodes have this topic: the site, or one of their pages.
    pub(crate) fn has_topic(&self, topic: &Topic) -> bool {
        topic.slug().is_none_or(|slug| self.slugs.contains(slug))
    }

    /// Returns the reports of the store.
    pub(crate) fn reports(&self) -> anyhow::Result<&dyn Reports> {
        self.store.stats.reports().context("the store has no reports")
    }

    /// Returns the stored totals, read from the store itself.
    pub(crate) async fn stored(
        &self,
        topics: impl Iterator<Item = &Topic>,
    ) -> anyhow::Result<BTreeMap<Topic, PageTotals>> {
        let topics: Vec<Topic> = topics.cloned().collect();
        // The first call after an outage may fail although Redis is running again.
        let updates = wait_until("the store can be read", async || {
            Ok(self.store.stats.totals(&topics).await?)
        });
        let updates = updates.await?;
        Ok(updates
            .into_iter()
            .map(|update| (update.topic, update.stats.into()))
            .collect())
    }
}

fn pick(nodes: &mut [NodeProcess], number: u64) -> anyhow::Result<&mut NodeProcess> {
    let place = usize::try_from(number)? % nodes.len().max(1);
    nodes.get_mut(place).ok_or_else(|| anyhow!("there is no such node"))
}
