use std::fmt;

use async_trait::async_trait;
use horizon_core::{Error, Event, EventKind, ReaderId, Result, Stats, StatsStore, Timestamp, Topic, Update};
use redis::{RedisResult, Value, from_redis_value};

use crate::batch::{self, Claims, Page};
use crate::commands::Commands;
use crate::connection::RedisConfig;
use crate::error::map;
use crate::script::Kept;
use crate::writes::Writes;
use crate::{forget, keys};

/// The most topics whose totals are read at once.
const TOPICS_AT_ONCE: usize = 1_000;

/// The totals of a topic, in the order in which `count.lua` answers them too.
const FIELDS: [&str; 5] = ["visits", "likes", "comments", "comments_revision", "revision"];

/// What an error says of a batch.
const NOT_COUNTED: &str = "Redis did not count the events";

/// How long the key that [`RedisStats::check_writable`] writes is kept, in seconds.
const WRITABLE_SECONDS: u64 = 60;

/// The facts and the totals in Redis, for any number of processes at the same time.
///
/// A script counts the events of a page inside Redis, and one transaction holds the scripts of all pages of a batch:
/// Redis counts the whole batch or nothing of it. A call that ends in an error, or whose caller went away, may have
/// been counted all the same; repeat it, and each event still counts once. A Redis Cluster
/// cannot run this version: the keys of a page share a slot, but one transaction holds several pages.
///
/// How well it outlives Redis is for Redis' own configuration to say. With `appendonly yes` and `appendfsync always`
/// what was acknowledged is on disk; with `everysec` the last two seconds may be lost. With replicas, `?wait=N` in the
/// address keeps what was acknowledged when one of them is promoted. `maxmemory-policy` has to be
/// `noeviction`, because what Redis evicts is lost or counted again. What is erased can be read in the append-only
/// file until Redis rewrites it.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
/// # use horizon_redis::{RedisConfig, RedisStats};
/// let store = RedisStats::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
/// let totals = store.apply(&[visit.clone(), visit]).await?; // the same event twice
/// assert_eq!(totals[0].stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct RedisStats {
    pub(crate) redis: Commands,
    pub(crate) writes: Writes,
    pub(crate) scripts: Scripts,
}

/// The scripts that Redis keeps.
pub(crate) struct Scripts {
    count: Kept,
    pub(crate) threads: Kept,
    pub(crate) thread: Kept,
    pub(crate) newest: Kept,
    pub(crate) salts: Kept,
    pub(crate) forget_ids: Kept,
    pub(crate) forget_visitors: Kept,
    pub(crate) forget_unlikes: Kept,
}

impl Scripts {
    fn new() -> Self {
        Self {
            count: Kept::new(concat!(
                include_str!("scripts/stamp.lua"),
                include_str!("scripts/count.lua")
            )),
            threads: Kept::new(concat!(
                include_str!("scripts/page.lua"),
                include_str!("scripts/threads.lua")
            )),
            thread: Kept::new(concat!(
                include_str!("scripts/page.lua"),
                include_str!("scripts/thread.lua")
            )),
            newest: Kept::new(include_str!("scripts/newest.lua")),
            salts: Kept::new(include_str!("scripts/salts.lua")),
            forget_ids: Kept::new(include_str!("scripts/forget_ids.lua")),
            forget_visitors: Kept::new(include_str!("scripts/forget_visitors.lua")),
            forget_unlikes: Kept::new(concat!(
                include_str!("scripts/stamp.lua"),
                include_str!("scripts/forget_unlikes.lua")
            )),
        }
    }
}

impl RedisStats {
    /// The store in this Redis. It has to be called within a tokio runtime; the connection is made when it is needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let redis = Commands(config.commands()?);
        Ok(Self {
            writes: Writes::new(config, &redis)?,
            redis,
            scripts: Scripts::new(),
        })
    }

    /// The secret of all who share the store: `fresh` if nobody asked before, else what the first one brought.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
    /// # use horizon_redis::{RedisConfig, RedisStats};
    /// # let store = RedisStats::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
    /// let signs_cookies = store.secret([7; 32]).await?; // 32 random bytes, if this process is the first
    /// assert_eq!(store.secret([8; 32]).await?, signs_cookies);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write. Permanent if what is kept is no secret.
    pub async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let what = "Redis does not keep the secret";
        let known: Option<Vec<u8>> = self
            .redis
            .ask(redis::cmd("GET").arg(keys::SECRET))
            .await
            .map_err(|e| map(what, e))?;
        // A fresh secret that is there is that of an earlier call, which its replicas may not have confirmed.
        let kept = match known {
            Some(known) if known != fresh => known,
            _ => self.keep_secret(fresh, what).await?,
        };
        let wrong = |_| Error::permanent(format!("the key {} in Redis does not hold 32 bytes", keys::SECRET));
        kept.try_into().map_err(wrong)
    }

    async fn keep_secret(&self, fresh: [u8; 32], what: &str) -> Result<Vec<u8>> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(keys::SECRET).arg(&fresh).arg("NX");
        pipe.cmd("GET").arg(keys::SECRET);
        let answers: Vec<Value> = self.writes.ask_all(pipe, what).await?;
        let kept = answers.into_iter().next_back().unwrap_or(Value::Nil);
        from_redis_value(kept).map_err(|e| map(what, e.into()))
    }

    /// Returns the identity of this store: the same for every process that uses it, and different for every other
    /// store.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_redis::{RedisConfig, RedisStats};
    /// let one = RedisStats::connect(&RedisConfig::new("redis://127.0.0.1/1")?)?;
    /// let other = RedisStats::connect(&RedisConfig::new("redis://127.0.0.1/2")?)?;
    /// assert_ne!(one.identity().await?, other.identity().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write.
    pub async fn identity(&self) -> Result<String> {
        let failed = |e| map("the store in Redis cannot be told from others", e);
        let known: Option<String> = self
            .redis
            .ask(redis::cmd("GET").arg(keys::STORE_ID))
            .await
            .map_err(failed)?;
        if let Some(known) = known {
            return Ok(known);
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|e| Error::unavailable("the machine has no randomness to give").with_source(e))?;
        let mut pipe = redis::pipe();
        pipe.cmd("SET")
            .arg(keys::STORE_ID)
            .arg(format!("{:032x}", u128::from_be_bytes(random)))
            .arg("NX");
        pipe.cmd("GET").arg(keys::STORE_ID);
        let answers: Vec<Option<String>> = self.redis.ask_all(&mut pipe).await.map_err(failed)?;
        Ok(answers.into_iter().next_back().flatten().unwrap_or_default())
    }

    /// Whether a write would be taken now: writes a key that goes by itself.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
    /// # use horizon_redis::{RedisConfig, RedisStats};
    /// # let store = RedisStats::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
    /// let is_ready = store.check_writable().await.is_ok(); // for a `/readyz`
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write.
    pub async fn check_writable(&self) -> Result<()> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET")
            .arg(keys::WRITABLE)
            .arg(1)
            .arg("EX")
            .arg(WRITABLE_SECONDS);
        let answers: Result<Vec<Value>> = self.writes.ask_all(pipe, "Redis takes no writes").await;
        answers.map(drop)
    }

    /// Makes sure that each comment belongs to one page, and learns when it arrives.
    ///
    /// Its id may come from a browser, which may send it for two pages at once. No script sees both pages, so the
    /// first to come takes the id, before anything is counted. If nothing is counted then, it is taken all the same.
    async fn claim(&self, events: &[Event]) -> RedisResult<Claims> {
        let is_comment = |event: &&Event| matches!(event.kind, EventKind::Comment { .. });
        let comments = events.iter().filter(is_comment);
        let comments: Vec<_> = comments
            .filter_map(|event| Some((event.id, event.topic.slug()?.as_str())))
            .collect();
        if comments.is_empty() {
            return Ok(Claims::default());
        }
        let mut pipe = redis::pipe();
        pipe.cmd("TIME");
        pipe.cmd("SADD").arg(keys::COMMENTED);
        for (_, slug) in &comments {
            pipe.arg(slug);
        }
        for (id, slug) in &comments {
            pipe.cmd("SET").arg(keys::comment(*id)).arg(slug).arg("NX");
            pipe.cmd("GET").arg(keys::comment(*id));
        }
        let mut answers = self.redis.ask_all::<Value>(&mut pipe).await?.into_iter();
        let (seconds, micros): (u64, u64) = from_redis_value(answers.next().unwrap_or(Value::Nil))?;
        // Behind the SADD every second answer is a GET's.
        let owners = answers.skip(2).step_by(2);
        let owners = comments
            .iter()
            .zip(owners)
            .map(|((id, _), owner)| Ok((*id, from_redis_value(owner)?)));
        Ok(Claims {
            base: seconds.saturating_mul(1_000_000).saturating_add(micros),
            owners: owners.collect::<RedisResult<_>>()?,
        })
    }

    /// Counts all pages in one transaction.
    async fn count(&self, pages: &[Page<'_>], claims: &Claims) -> Result<Vec<Update>> {
        let mut pipe = redis::pipe();
        pipe.cmd("SADD").arg(keys::TOPICS);
        for page in pages {
            pipe.arg(page.topic.to_string());
        }
        for page in pages {
            pipe.add_command(page.call(&self.scripts.count, claims));
        }
        let answers: Vec<Value> = self.writes.transact(&self.scripts.count, &pipe, NOT_COUNTED).await?;
        let totals = answers.into_iter().skip(1);
        pages
            .iter()
            .zip(totals)
            .map(|(page, total)| {
                let total = from_redis_value(total).map_err(|e| map(NOT_COUNTED, e.into()))?;
                Ok(update(page.topic, total))
            })
            .collect()
    }
}

/// The totals of a topic from the fields that [`FIELDS`] names.
fn update(topic: &Topic, fields: [Option<u64>; 5]) -> Update {
    let [visits, likes, comments, comments_revision, revision] = fields.map(Option::unwrap_or_default);
    let mut stats = Stats::new(visits, likes, comments);
    stats.comments_revision = comments_revision;
    Update::new(topic.clone(), stats, revision)
}

#[async_trait]
impl StatsStore for RedisStats {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let claims = self.claim(events).await.map_err(|e| map(NOT_COUNTED, e))?;
        let pages = batch::pages(events, &claims)?;
        self.count(&pages, &claims).await
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = Vec::with_capacity(topics.len());
        for some in topics.chunks(TOPICS_AT_ONCE) {
            let mut pipe = redis::pipe();
            for topic in some {
                pipe.cmd("HMGET").arg(keys::page(topic, keys::TOTAL)).arg(&FIELDS);
            }
            let totals = self.redis.ask_all(&mut pipe).await;
            let totals = totals.map_err(|e| map("the totals cannot be read from Redis", e))?;
            updates.extend(some.iter().zip(totals).map(|(topic, total)| update(topic, total)));
        }
        Ok(updates)
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let mut read = redis::cmd("HGET");
        read.arg(keys::page(topic, keys::LIKES))
            .arg(&reader.as_u128().to_be_bytes());
        let word: Option<Vec<u8>> = self
            .redis
            .ask(&read)
            .await
            .map_err(|e| map("a like cannot be read from Redis", e))?;
        Ok(word.is_some_and(|word| word.first() == Some(&b'1')))
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        forget::forget(self, now)
            .await
            .map_err(|e| map("Redis did not forget", e))
    }
}

impl fmt::Debug for RedisStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStats").finish_non_exhaustive()
    }
}
