use std::collections::BTreeMap;

use anyhow::anyhow;
use horizon_backend::{StoreHandle, StoreUrl};
use horizon_core::{Slug, Topic};
use horizon_redis::{RedisBus, RedisConfig, testing::RedisServer};
use horizon_test_support::{Posts, wait_until};
use tempfile::TempDir;

use crate::{
    counts::Counts,
    defect::{Defect, Part},
    node::{Node, Role},
};

/// The pages that are written to.
pub(crate) const SLUGS: [&str; 2] = ["hello", "second"];

/// How many web nodes there are, and how many accumulators.
const NODES: usize = 2;

/// What signs cookies at every web node, so that each knows the others' readers.
pub(crate) const SECRET: &str = "the secret that all web nodes of the fault run share";

/// A Redis, and the processes that share it.
pub(crate) struct Stage {
    pub(crate) redis: RedisServer,
    pub(crate) webs: Vec<Node>,
    pub(crate) accumulators: Vec<Node>,
    pub(crate) slugs: Vec<Slug>,
    config: RedisConfig,
    store: StoreHandle,
    posts: Posts,
    folder: TempDir,
}

impl Stage {
    /// Starts all of them. `options` are redis-server's.
    pub(crate) async fn start(options: &[&str], defect: Option<Defect>) -> anyhow::Result<Self> {
        let keeps_nothing: &[&str] = match defect {
            Some(Defect::KeepsNothing) => &["--appendonly", "no"],
            _ => &[],
        };
        let redis = RedisServer::start(&[options, keeps_nothing].concat()).await?;
        let config = RedisConfig::new(&redis.url())?;
        let store: StoreUrl = redis.url().parse()?;
        let (folder, posts) = (TempDir::new()?, Posts::two()?);
        let mut stage = Self {
            store: StoreHandle::open(&store)?,
            slugs: SLUGS
                .iter()
                .map(|slug| Ok(Slug::new(slug)?))
                .collect::<anyhow::Result<_>>()?,
            redis,
            config,
            webs: Vec::new(),
            accumulators: Vec::new(),
            posts,
            folder,
        };
        for number in 0..NODES {
            let accumulator = stage.node(Role::Accumulator, number, defect).await?;
            stage.accumulators.push(accumulator);
            let web = stage.node(Role::Web, number, defect).await?;
            stage.webs.push(web);
        }
        Ok(stage)
    }

    async fn node(&self, role: Role, number: usize, defect: Option<Defect>) -> anyhow::Result<Node> {
        let part = match role {
            Role::Web => Part::Webs,
            Role::Accumulator => Part::Accumulators,
        };
        let mut variables = vec![("HORIZON_BUS", self.redis.url())];
        if role == Role::Web {
            variables.push(("HORIZON_SECRET", SECRET.into()));
            variables.push(("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32".into()));
            variables.push(("HORIZON_POSTS", self.posts.path().to_string_lossy().into_owned()));
        }
        let defect = defect.filter(|defect| defect.replaces(part));
        Node::start(role, number, defect, variables, self.folder.path()).await
    }

    /// The way for publishers of our own, as anyone may have.
    pub(crate) fn pipe(&self) -> anyhow::Result<RedisBus> {
        Ok(RedisBus::connect(&self.config, self.store.stats.clone())?)
    }

    pub(crate) fn web(&mut self, number: u64) -> anyhow::Result<&mut Node> {
        pick(&mut self.webs, number)
    }

    pub(crate) fn accumulator(&mut self, number: u64) -> anyhow::Result<&mut Node> {
        pick(&mut self.accumulators, number)
    }

    /// Every process of ours, but for Redis.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.webs.iter().chain(&self.accumulators)
    }

    /// What the store has, asked without any web node.
    pub(crate) async fn stored(&self, topics: impl Iterator<Item = &Topic>) -> anyhow::Result<BTreeMap<Topic, Counts>> {
        let topics: Vec<Topic> = topics.cloned().collect();
        // The first call after a break may fail, although Redis is there again.
        let updates = wait_until("the store can be read", async || {
            Ok(self.store.stats.get(&topics).await?)
        });
        let updates = updates.await?;
        Ok(updates
            .into_iter()
            .map(|update| (update.topic, update.stats.into()))
            .collect())
    }
}

fn pick(nodes: &mut [Node], number: u64) -> anyhow::Result<&mut Node> {
    let place = usize::try_from(number)? % nodes.len().max(1);
    nodes
        .get_mut(place)
        .ok_or_else(|| anyhow!("the stage has no such node"))
}
