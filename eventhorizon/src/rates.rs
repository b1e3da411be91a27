//! How much one network may ask for.

use std::{fmt, net::IpAddr, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use horizon_core::{EventId, VisitorKey};
use quick_cache::sync::Cache;

use crate::{Problem, Rate, Rates, metrics::Metrics};

/// How many networks are told apart; two that share a number share a rate. It bounds the memory,
/// whoever comes, to a few megabytes.
const NETWORKS: u128 = 1 << 17;

/// How many of the last comments are known to have been paid for.
const PAID_COMMENTS: usize = 4_096;

/// How many times a comment is sent again for nothing.
const FREE_REPEATS: u32 = 5;

/// What a rate is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateClass {
    Comment,
    Like,
    Live,
    Visit,
}

/// Counts what each network asks for. It knows networks by a keyed hash alone.
pub(crate) struct RateLimiters {
    key: [u8; 32],
    comments: DefaultKeyedRateLimiter<u32>,
    likes: DefaultKeyedRateLimiter<u32>,
    lives: DefaultKeyedRateLimiter<u32>,
    visits: DefaultKeyedRateLimiter<u32>,
    paid: Cache<(EventId, u32), u32>,
}

impl RateLimiters {
    pub(crate) fn new(rates: Rates, key: [u8; 32]) -> Self {
        Self {
            key,
            comments: limiter(rates.comments),
            likes: limiter(rates.likes),
            lives: limiter(rates.lives),
            visits: limiter(rates.visits),
            paid: Cache::new(PAID_COMMENTS),
        }
    }

    /// Takes one from the network's share, or says when there will be more.
    pub(crate) fn check(&self, ask: RateClass, address: IpAddr, metrics: &Metrics) -> Result<(), Problem> {
        let (limiter, name) = match ask {
            RateClass::Comment => (&self.comments, "comment"),
            RateClass::Like => (&self.likes, "like"),
            RateClass::Live => (&self.lives, "live"),
            RateClass::Visit => (&self.visits, "visit"),
        };
        limiter.check_key(&self.network(address)).map_err(|refusal| {
            metrics.rate_limited(name);
            Problem::too_many(refusal.wait_time_from(limiter.clock().now()))
        })
    }

    /// The same for a comment: sent again a few times because it was not stored, it costs nothing.
    pub(crate) fn check_comment(&self, id: EventId, address: IpAddr, metrics: &Metrics) -> Result<(), Problem> {
        let key = (id, self.network(address));
        let sent = self.paid.get(&key).unwrap_or(0);
        if sent == 0 || sent > FREE_REPEATS {
            self.check(RateClass::Comment, address, metrics)?;
            self.paid.insert(key, 1);
        } else {
            self.paid.insert(key, sent + 1);
        }
        Ok(())
    }

    /// Forgets networks that have their whole share again.
    pub(crate) fn forget(&self) {
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
        f.write_str("Limiters")
    }
}

/// How often networks are forgotten: every minute.
pub(crate) const FORGET_EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_share_and_another_network_has_its_own() {
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
    fn a_comment_that_is_sent_again_costs_nothing_a_few_times() {
        let rates = Rates {
            comments: Rate::new(1, 1),
            ..Rates::default()
        };
        let (limiters, metrics) = (RateLimiters::new(rates, [1; 32]), Metrics::new(Default::default()));
        let send = |id| limiters.check_comment(EventId::from_u128(id), IpAddr::V4(1.into()), &metrics);
        for _ in 0..=FREE_REPEATS {
            assert!(send(1).is_ok());
        }
        assert!(send(1).is_err() && send(2).is_err());
    }

    #[test]
    fn any_number_of_networks_takes_bounded_memory() {
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
