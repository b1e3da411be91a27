//! Rate limits for each network.

use std::{fmt, net::IpAddr, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use horizon_core::{EventId, VisitorKey};
use quick_cache::sync::Cache;

use crate::{Problem, Rate, Rates, metrics::Metrics};

/// The number of buckets for networks: 131,072, which bounds the memory to a few megabytes.
const NETWORKS: u128 = 1 << 17;

/// The number of recent comments whose retries are free.
const RECENT_COMMENTS: usize = 4_096;

/// The number of free retries for each comment.
const FREE_RETRIES: u32 = 5;

/// The kinds of requests with a rate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateClass {
    Comment,
    Like,
    Live,
    Visit,
}

/// Limits the requests of each network. It stores only keyed hashes of networks.
pub(crate) struct RateLimiters {
    key: [u8; 32],
    comments: DefaultKeyedRateLimiter<u32>,
    likes: DefaultKeyedRateLimiter<u32>,
    lives: DefaultKeyedRateLimiter<u32>,
    visits: DefaultKeyedRateLimiter<u32>,
    /// The number of attempts for each recent comment and network.
    attempts: Cache<(EventId, u32), u32>,
}

impl RateLimiters {
    pub(crate) fn new(rates: Rates, key: [u8; 32]) -> Self {
        Self {
            key,
            comments: limiter(rates.comments),
            likes: limiter(rates.likes),
            lives: limiter(rates.live_streams),
            visits: limiter(rates.visits),
            attempts: Cache::new(RECENT_COMMENTS),
        }
    }

    /// Counts a request, or fails if the network exceeds its rate.
    pub(crate) fn check(&self, class: RateClass, address: IpAddr, metrics: &Metrics) -> Result<(), Problem> {
        let (limiter, name) = match class {
            RateClass::Comment => (&self.comments, "comment"),
            RateClass::Like => (&self.likes, "like"),
            RateClass::Live => (&self.lives, "live"),
            RateClass::Visit => (&self.visits, "visit"),
        };
        limiter.check_key(&self.network(address)).map_err(|not_until| {
            metrics.rate_limited(name);
            Problem::too_many_requests(not_until.wait_time_from(limiter.clock().now()))
        })
    }

    /// Like [`check`](Self::check), for a comment: a few retries do not count against the rate.
    pub(crate) fn check_comment(&self, id: EventId, address: IpAddr, metrics: &Metrics) -> Result<(), Problem> {
        let key = (id, self.network(address));
        let attempts = self.attempts.get(&key).unwrap_or(0);
        if attempts == 0 || attempts > FREE_RETRIES {
            self.check(RateClass::Comment, address, metrics)?;
            self.attempts.insert(key, 1);
        } else {
            self.attempts.insert(key, attempts + 1);
        }
        Ok(())
    }

    /// Removes networks without recent requests.
    pub(crate) fn clean_up(&self) {
        for limiter in [&self.comments, &self.likes, &self.lives, &self.visits] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn network(&self, address: IpAddr) -> u32 {
        let hash = VisitorKey::derive(&self.key, "rates", address, "").as_u128();
        u32::try_from(hash % NETWORKS).unwrap_or(0)
    }
}

fn limiter(rate: Rate) -> DefaultKeyedRateLimiter<u32> {
    RateLimiter::keyed(Quota::per_minute(rate.per_minute).allow_burst(rate.burst))
}

impl fmt::Debug for RateLimiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateLimiters")
    }
}

/// The interval of [`RateLimiters::clean_up`]: one minute.
pub(crate) const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_its_own_limit() {
        let rates = Rates {
            comments: Rate::new(1, 2),
            ..Rates::default()
        };
        let (limiters, metrics) = (RateLimiters::new(rates, [1; 32]), Metrics::new(Default::default()));
        let ask = |address: &str| limiters.check(RateClass::Comment, address.parse().unwrap(), &metrics);
        assert!(ask("2001:db8::1").is_ok() && ask("2001:db8::2").is_ok());
        assert!(ask("2001:db8::3").is_err(), "a /64 is one network");
        assert!(ask("2001:db8:0:1::1").is_ok());
        assert!(
            metrics
                .encode()
                .contains("horizon_rate_limited_total{kind=\"comment\"} 1")
        );
    }

    #[test]
    fn a_few_retries_of_a_comment_are_not_limited() {
        let rates = Rates {
            comments: Rate::new(1, 1),
            ..Rates::default()
        };
        let (limiters, metrics) = (RateLimiters::new(rates, [1; 32]), Metrics::new(Default::default()));
        let send = |id| limiters.check_comment(EventId::from_u128(id), IpAddr::V4(1.into()), &metrics);
        for _ in 0..=FREE_RETRIES {
            assert!(send(1).is_ok());
        }
        assert!(send(1).is_err() && send(2).is_err());
    }

    #[test]
    fn the_memory_for_networks_is_bounded() {
        let (limiters, metrics) = (
            RateLimiters::new(Rates::default(), [1; 32]),
            Metrics::new(Default::default()),
        );
        for number in 0..300_000_u32 {
            let _ = limiters.check(RateClass::Like, IpAddr::V4(number.into()), &metrics);
        }
        assert!(limiters.likes.len() as u128 <= NETWORKS);
    }
}
