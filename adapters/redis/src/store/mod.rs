mod append_only_file;
mod apply;
mod batch;
mod bucket_reader;
mod bucket_record;
mod comment_record;
mod comments;
mod commit;
mod expire;
mod keys;
mod ledger;
mod like_record;
mod operations;
mod recent_comments;
mod reports;
mod salts;
mod scripts;
mod site_zone;
mod snapshot;
mod state_record;
mod verify;

use std::collections::HashMap;

use async_trait::async_trait;
use horizon_core::reports::Reports;
use horizon_core::{Error, Event, EventKind, ReaderId, Result, Stats, StatsStore, Timestamp, Topic, Update};
use redis::{RedisResult, Value, from_redis_value};

use crate::connection::RedisConfig;
use crate::connection::commands::Commands;
use crate::connection::confirmed::ConfirmedWrites;
use crate::error::{map, random_id};
use batch::CommentOwners;
use scripts::StoreScripts;
use site_zone::SiteZone;

/// The maximum number of topics whose totals one round trip reads.
const TOPICS_PER_READ: usize = 1_000;

/// The start of the fields with the counts of custom events, among the totals of a topic.
const EVENT_FIELD: &str = "event:";

/// The message of an error of [`RedisStore::apply`].
const NOT_APPLIED: &str = "the events cannot be applied in Redis";

/// How long the key of [`RedisStore::check_writable`] lives, in seconds.
const WRITABLE_TTL: u64 = 60;

/// The store in Redis, for any number of processes.
///
/// A batch is counted here and written by one script: Redis applies all of it or nothing, and nothing if another
/// process has changed what the batch was counted from; then it is counted again. A call that fails or is cancelled may
/// have been applied; repeat it, and each event still counts once. The script blocks Redis for about 5 ms for 1,000
/// events. A Redis Cluster is not supported: the keys of a topic share a slot, but the script covers several topics.
///
/// [`Reports`] are answered from buckets. Queries that need the lengths, the last pages or the rows of sessions are
/// refused.
///
/// Durability depends on the configuration of Redis. With `appendonly yes` and `appendfsync always` acknowledged data
/// is on disk; with `everysec` the last two seconds may be lost. `?wait=N` in the address protects against the
/// promotion of a replica. `maxmemory-policy` must be `noeviction`, because evicted data is lost or counted again.
/// Erased data stays in the append-only file until Redis rewrites it. After salts or states of visitors were erased,
/// [`expire`](StatsStore::expire) starts a rewrite and waits for it, if the user may run BGREWRITEAOF. Replicas, RDB
/// snapshots and backups keep both until their own next rewrite.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
/// use horizon_redis::{RedisConfig, RedisStore};
///
/// let store = RedisStore::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
/// let totals = store.apply(&[visit.clone(), visit]).await?; // the same event twice
/// assert_eq!(totals[0].stats.visits, 1);
/// # Ok(())
/// # }
/// ```
pub struct RedisStore {
    redis: Commands,
    writes: ConfirmedWrites,
    scripts: StoreScripts,
    zone: SiteZone,
}

impl RedisStore {
    /// Returns the store in this Redis. Must be called within a tokio runtime. It connects when it is needed.
    ///
    /// # Errors
    /// The connection cannot be set up.
    pub fn connect(config: &RedisConfig) -> Result<Self> {
        let redis = Commands(config.command_connection()?);
        Ok(Self {
            writes: ConfirmedWrites::new(config, &redis)?,
            redis,
            scripts: StoreScripts::new(),
            zone: SiteZone::default(),
        })
    }

    /// Returns the secret that all processes with this store share: the `fresh` bytes of the first caller.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_redis::{RedisConfig, RedisStore};
    /// # let store = RedisStore::connect(&RedisConfig::new("redis://127.0.0.1")?)?;
    /// let signs_cookies = store.secret([7; 32]).await?; // pass 32 random bytes
    /// assert_eq!(store.secret([8; 32]).await?, signs_cookies);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a write. Permanent if the key does not hold 32 bytes.
    pub async fn secret(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.find_or_store(keys::SECRET, fresh).await
    }

    /// Returns the key of login sessions, like [`secret`](Self::secret).
    ///
    /// # Errors
    /// Those of a write. Permanent if the key does not hold 32 bytes.
    pub async fn login_key(&self, fresh: [u8; 32]) -> Result<[u8; 32]> {
        self.find_or_store(keys::LOGIN_KEY, fresh).await
    }

    /// Replaces the key of login sessions, for all processes with this store.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn replace_login_key(&self, new: [u8; 32]) -> Result<()> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(keys::LOGIN_KEY).arg(&new);
        let what = "the key of login sessions cannot be replaced in Redis";
        let replies: Result<Vec<Value>> = self.writes.query_all(pipe, what).await;
        replies.map(drop)
    }

    /// Returns the 32 bytes of a key, which are the `fresh` ones of the first caller.
    async fn find_or_store(&self, key: &'static str, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let what = format!("the key {key} cannot be stored in Redis");
        let known: RedisResult<Option<Vec<u8>>> = self.redis.query(redis::cmd("GET").arg(key)).await;
        // If the fresh bytes are there, an earlier call wrote them, and the replicas may not have confirmed it.
        let bytes = match known.map_err(|e| map(&what, e))? {
            Some(known) if known != fresh => known,
            _ => self.store_if_missing(key, fresh, &what).await?,
        };
        let invalid = |_| Error::permanent(format!("the key {key} in Redis does not hold 32 bytes"));
        bytes.try_into().map_err(invalid)
    }

    async fn store_if_missing(&self, key: &'static str, fresh: [u8; 32], what: &str) -> Result<Vec<u8>> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(key).arg(&fresh).arg("NX");
        pipe.cmd("GET").arg(key);
        let replies: Vec<Value> = self.writes.query_all(pipe, what).await?;
        let bytes = replies.into_iter().next_back().unwrap_or(Value::Nil);
        from_redis_value(bytes).map_err(|e| map(what, e.into()))
    }

    /// Returns the identity of this store: equal for all processes that use it, and different for every other store.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn identity(&self) -> Result<String> {
        let failed = |e| map("the identity of the store cannot be read from Redis", e);
        let mut pipe = redis::pipe();
        let get = redis::cmd("GET").arg(keys::STORE_ID).clone();
        let known: Option<String> = self.redis.query(&get).await.map_err(failed)?;
        if let Some(known) = known {
            return Ok(known);
        }
        pipe.cmd("SET").arg(keys::STORE_ID).arg(random_id()?).arg("NX");
        pipe.add_command(get);
        let replies: Vec<Option<String>> = self.redis.query_all(&mut pipe).await.map_err(failed)?;
        Ok(replies.into_iter().next_back().flatten().unwrap_or_default())
    }

    /// Checks that Redis accepts writes, for a `/readyz`: writes a key that expires.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn check_writable(&self) -> Result<()> {
        let mut pipe = redis::pipe();
        let set = pipe.cmd("SET").arg(keys::WRITABLE).arg(1);
        set.arg("EX").arg(WRITABLE_TTL);
        let replies: Result<Vec<Value>> = self.writes.query_all(pipe, "Redis accepts no writes").await;
        replies.map(drop)
    }

    /// Assigns each comment id to one page, and reads the time.
    ///
    /// A browser may choose the id and send it for two pages. No script sees both pages, so the first page gets the id
    /// before anything is counted, and keeps it if nothing is counted then.
    async fn assign_comment_ids(&self, events: &[Event]) -> RedisResult<CommentOwners> {
        let is_comment = |event: &&Event| matches!(event.kind, EventKind::Comment { .. });
        let comments = events.iter().filter(is_comment);
        let comments: Vec<_> = comments
            .filter_map(|event| Some((event.id, event.topic.slug()?.as_str())))
            .collect();
        if comments.is_empty() {
            return Ok(CommentOwners::default());
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
        let mut replies = self.redis.query_all::<Value>(&mut pipe).await?.into_iter();
        let (seconds, micros): (u64, u64) = from_redis_value(replies.next().unwrap_or(Value::Nil))?;
        // After the reply of SADD, every second reply is that of a GET.
        let owners = replies.skip(2).step_by(2);
        let owners = comments.iter().zip(owners);
        let owners = owners.map(|((id, _), owner)| Ok((*id, from_redis_value(owner)?)));
        Ok(CommentOwners {
            first_position: seconds.saturating_mul(1_000_000).saturating_add(micros),
            slugs: owners.collect::<RedisResult<_>>()?,
        })
    }
}

/// Returns the totals from the fields of their key.
fn update(topic: &Topic, fields: &HashMap<String, i64>) -> Update {
    let count = |count: &i64| u64::try_from(*count).unwrap_or(0);
    let number = |field| fields.get(field).map(count).unwrap_or_default();
    let mut stats = Stats::new(number("visits"), number("likes"), number("comments"));
    stats.comments_revision = number("comments_revision");
    let event = |(field, number): (&String, &i64)| Some((field.strip_prefix(EVENT_FIELD)?.to_owned(), count(number)));
    stats.events = fields.iter().filter_map(event).collect();
    Update::new(topic.clone(), stats, number("revision"))
}

#[async_trait]
impl StatsStore for RedisStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        apply::apply(self, events).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = Vec::with_capacity(topics.len());
        for topics in topics.chunks(TOPICS_PER_READ) {
            let mut pipe = redis::pipe();
            for topic in topics {
                pipe.cmd("HGETALL").arg(keys::of_topic(topic, keys::TOTAL));
            }
            let totals = self.redis.query_all::<HashMap<String, i64>>(&mut pipe).await;
            let totals = totals.map_err(|e| map("the totals cannot be read from Redis", e))?;
            updates.extend(topics.iter().zip(&totals).map(|(topic, total)| update(topic, total)));
        }
        Ok(updates)
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let mut read = redis::cmd("HGET");
        read.arg(keys::of_topic(topic, keys::LIKES))
            .arg(&reader.as_u128().to_be_bytes());
        let like: RedisResult<Option<Vec<u8>>> = self.redis.query(&read).await;
        let like = like.map_err(|e| map("a like cannot be read from Redis", e))?;
        Ok(like.is_some_and(|like| like.first() == Some(&b'1')))
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        expire::expire(self, now).await?;
        append_only_file::rewrite_if_due(self).await;
        Ok(())
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}
