//! What the accumulator can be told, by flag or by environment variable.

use std::net::SocketAddr;

use clap::Parser;
use horizon_core::presence::NodeId;
use horizon_redis::RedisConfig;

use horizon_backend::{BusUrl, Delivery, SecretText, StoreUrl, pipe_and_store, random_node};

/// Counts events, each exactly once.
///
/// With `stdin:` it reads one JSON object a line, prints the totals of the topics that they name, and ends with the
/// input. With Redis it is a service; as many as you like share the work.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// Where events come from: `stdin:`, `redis://HOST`, or best effort `redis+pubsub://HOST`. With TLS: `rediss`.
    #[arg(
        long,
        env = "HORIZON_PIPE",
        value_name = "HORIZON_PIPE",
        default_value = "stdin:",
        hide_env_values = true
    )]
    pub pipe: SecretText,
    /// Where the numbers are kept: `sqlite:PATH`, `redis://HOST`, or `memory:` to try something out.
    /// Without it: the pipe's Redis, else `sqlite:horizon.db`.
    #[arg(long, env = "HORIZON_STORE", value_name = "HORIZON_STORE", hide_env_values = true)]
    pub store: Option<SecretText>,
    /// The address of the service's `/healthz`, `/readyz` and `/metrics`.
    #[arg(
        long,
        env = "HORIZON_ADDR",
        value_name = "HORIZON_ADDR",
        default_value = "127.0.0.1:3001"
    )]
    pub addr: SocketAddr,
    /// The service's name; no two that run may have the same. One that is started again under its old name finds
    /// its unfinished work at once, otherwise others take it over after 10 seconds.
    /// Without it: `accumulator-` and eight random digits.
    #[arg(long, env = "HORIZON_NODE", value_name = "HORIZON_NODE")]
    pub node: Option<NodeId>,
    /// Accept a Redis that may lose what it acknowledged: one whose `maxmemory-policy` is not `noeviction` or whose
    /// `appendonly` is `no`. Without it, `/readyz` says 503 for such a Redis.
    #[arg(
        long,
        env = "HORIZON_REDIS_MAY_LOSE_DATA",
        value_name = "HORIZON_REDIS_MAY_LOSE_DATA",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub redis_may_lose_data: bool,
}

/// What there is to do, as [`Arguments::work`] finds it.
///
/// ```
/// use horizon_accumulator::{Work, count_stdin, serve};
///
/// async fn work(work: &Work) -> anyhow::Result<()> {
///     match work {
///         Work::Lines(store) => count_stdin(store).await,
///         Work::Service(service) => serve(service, horizon_backend::shutdown_signal()).await,
///     }
/// }
/// # let _ = work;
/// ```
#[derive(Clone, Debug)]
pub enum Work {
    /// Count the lines of standard input into this store.
    Lines(StoreUrl),
    /// Count what comes through Redis.
    Service(Service),
}

/// How the service is set up, for [`serve`](crate::serve).
///
/// ```
/// use horizon_accumulator::Service;
/// use horizon_backend::{Delivery, StoreUrl, random_node};
/// use horizon_redis::RedisConfig;
///
/// let redis = Box::new(RedisConfig::new("redis://127.0.0.1")?);
/// let service = Service {
///     redis: redis.clone(),
///     delivery: Delivery::Stream,
///     store: StoreUrl::Redis(redis),
///     addr: ([127, 0, 0, 1], 0).into(),
///     node: random_node("counts")?,
///     redis_may_lose_data: false,
/// };
/// assert_eq!((service.delivery.name(), service.store.name()), ("stream", "redis"));
/// # Ok::<(), horizon_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    /// Where events come from.
    pub redis: Box<RedisConfig>,
    /// How they come.
    pub delivery: Delivery,
    /// Where the numbers are kept.
    pub store: StoreUrl,
    /// Where it can be asked how it is. Port 0 lets the system choose one.
    pub addr: SocketAddr,
    /// What it is called. No two that run may have the same name.
    pub node: NodeId,
    /// Whether it is ready although Redis is set up so that it may lose what it acknowledged.
    pub redis_may_lose_data: bool,
}

impl Arguments {
    /// What there is to do. It is checked here and not while parsing, because a parser's complaint repeats the
    /// value, and that may hold a password.
    ///
    /// ```
    /// use clap::Parser;
    /// use horizon_accumulator::{Arguments, Work};
    ///
    /// let work = |words: &[&str]| Arguments::parse_from([&["horizon-accumulator"], words].concat()).work();
    /// assert!(matches!(work(&["--pipe", "stdin:", "--store", "memory:"]), Ok(Work::Lines(_))));
    /// let Ok(Work::Service(service)) = work(&["--pipe", "redis://127.0.0.1", "--node", "counts-1"]) else { panic!() };
    /// assert_eq!(service.node.as_str(), "counts-1");
    /// assert!(work(&["--pipe", "memory:"]).is_err());
    /// ```
    ///
    /// # Errors
    /// One sentence that names what is wrong.
    pub fn work(&self) -> Result<Work, String> {
        let (redis, delivery, store) = match pipe_and_store(&self.pipe, self.store.as_ref())? {
            (BusUrl::Redis(redis, delivery), store) => (redis, delivery, store),
            (BusUrl::Stdin, store) => return Ok(Work::Lines(store)),
            _ => {
                let sentence = "the memory pipe lives inside horizon-web, which runs the accumulator itself";
                return Err(format!("HORIZON_PIPE is wrong: {sentence}"));
            }
        };
        let node = match &self.node {
            Some(node) => node.clone(),
            None => random_node("accumulator").map_err(|error| error.to_string())?,
        };
        Ok(Work::Service(Service {
            redis,
            delivery,
            store,
            addr: self.addr,
            node,
            redis_may_lose_data: self.redis_may_lose_data,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(flag: &str, value: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["horizon-accumulator", flag, value])
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_name() {
        for (flag, name, value) in [
            ("--addr", "HORIZON_ADDR", "localhost"),
            ("--node", "HORIZON_NODE", "two words"),
        ] {
            let refusal = arguments(flag, value).unwrap_err().to_string();
            assert!(refusal.contains(name), "{refusal}");
        }
    }

    #[test]
    fn what_may_be_secret_is_refused_without_being_repeated() {
        for (flag, name) in [("--pipe", "HORIZON_PIPE"), ("--store", "HORIZON_STORE")] {
            let arguments = arguments(flag, "hunter2").unwrap();
            let refusal = arguments.work().unwrap_err();
            assert!(refusal.contains(name) && !refusal.contains("hunter2"), "{refusal}");
            assert!(!format!("{arguments:?}").contains("hunter2"));
        }
    }
}
