//! A Redis with the documented users, which records the commands of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use horizon_redis::RedisConfig;
use horizon_redis::testing::RedisServer;
use tokio::time::{sleep, timeout};

const DOCUMENT: &str = include_str!("../../../../docs/redis-acl.md");

pub(crate) const WEB: &str = "horizon-web";
pub(crate) const ACCUMULATOR: &str = "horizon-accumulator";

/// The timeout of every wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the arguments of the documented command for this user.
pub(crate) fn documented(user: &str) -> Vec<&'static str> {
    let start = format!("ACL SETUSER {user} ");
    let (_, rest) = DOCUMENT.split_once(&start).expect("the user is documented");
    let (rights, _) = rest.split_once("```").expect("the block ends");
    rights.split_whitespace().collect()
}

/// The commands that each user has called.
pub(crate) type Calls = BTreeMap<&'static str, BTreeSet<String>>;

/// A Redis with the documented users, and its replica.
pub(crate) struct RestrictedRedis {
    server: RedisServer,
    _replica: RedisServer,
    /// How often the test has sent INFO.
    infos: AtomicU64,
}

impl RestrictedRedis {
    pub(crate) async fn start() -> Self {
        // A setting that is reported, so that the programs ask for the current one.
        let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"])
            .await
            .unwrap();
        let port = server.port().to_string();
        let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
        for user in [WEB, ACCUMULATOR] {
            let mut words = vec!["ACL", "SETUSER", user];
            words.extend(documented(user));
            server.cli(&words).await.unwrap();
        }
        Self {
            server,
            _replica: replica,
            infos: AtomicU64::new(0),
        }
    }

    pub(crate) fn config(&self, user: &str, query: &str) -> RedisConfig {
        let url = format!("redis://{user}:PASSWORD@127.0.0.1:{}/1{query}", self.server.port());
        RedisConfig::new(&url).unwrap()
    }

    /// Runs a part of the flow in which only `user` sends commands, and adds them to `called`.
    ///
    /// Redis counts the commands of all users together, so the other user must not be connected.
    pub(crate) async fn record<T>(&self, called: &mut Calls, user: &'static str, flow: impl Future<Output = T>) -> T {
        let other = if user == WEB { ACCUMULATOR } else { WEB };
        let other = format!("user={other} ");
        until("the other user disconnects", async || {
            !self.server.cli(&["CLIENT", "LIST"]).await.unwrap().contains(&other)
        })
        .await;
        let before = self.command_counts().await;
        let output = flow.await;
        for (name, count) in self.command_counts().await {
            if count > before.get(&name).copied().unwrap_or(0) {
                called.entry(user).or_default().insert(name);
            }
        }
        output
    }

    /// Returns how often each command with rights of its own was called, by its name in lower case, without the test's
    /// own INFO.
    pub(crate) async fn command_counts(&self) -> BTreeMap<String, u64> {
        let stats = self.server.cli(&["INFO", "commandstats"]).await.unwrap();
        let count = |line: &str| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), rest.split(',').next()?.parse::<u64>().ok()?))
        };
        let mut counts: BTreeMap<_, _> = stats.lines().filter_map(count).collect();
        // INFO counts itself after it has replied.
        let own = self.infos.fetch_add(1, Ordering::Relaxed);
        if let Some(infos) = counts.get_mut("info") {
            *infos = infos.saturating_sub(own);
        }
        counts
    }

    /// Returns the denied commands and their users.
    pub(crate) async fn denied(&self) -> BTreeSet<String> {
        let log = self.cli(&["ACL", "LOG"]).await;
        let words: Vec<&str> = log.lines().collect();
        let value = |key: &str| words.iter().skip_while(move |word| **word != key).nth(1).copied();
        match (value("object"), value("username")) {
            (Some(object), Some(user)) => BTreeSet::from([format!("{object} of {user}")]),
            _ => BTreeSet::new(),
        }
    }

    pub(crate) async fn cli(&self, words: &[&str]) -> String {
        let mut all = vec!["-n", "1"];
        all.extend(words);
        self.server.cli(&all).await.unwrap().trim().to_owned()
    }
}

pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}
