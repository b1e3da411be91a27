//! Rate limits for each network.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use horizon_core::{EventId, PREFIX_FACTOR};
use quick_cache::sync::Cache;

use super::Networks;
use crate::{Rate, Rates};

/// The number of buckets for networks: 131,072, which bounds the memory to a few megabytes.
const NETWORKS: u64 = 1 << 17;

/// The number of recent comments whose retries are free.
const RECENT_COMMENTS: usize = 4_096;

/// The number of prefixes over their rate: 4,096.
const EXHAUSTED_PREFIXES: usize = 4_096;

/// The number of free retries for each comment.
const FREE_RETRIES: u32 = 5;

/// The wrong tokens for the reports: one a minute and 10 at once. Tokens are long enough that guesses cannot succeed;
/// the rate keeps the log small.
const WRONG_TOKENS: Rate = Rate::new(1, 10);

/// The documents of a public dashboard: 60 a minute and 60 at once, which is more than a person opens. Each document
/// costs about ten queries.
#[cfg(feature = "dashboard")]
const PUBLIC_DASHBOARDS: Rate = Rate::new(60, 60);

/// A kind of request with a rate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateClass {
    Comment,
    Like,
    Event,
    Live,
    Visit,
    /// A new visitor.
    Visitor,
    /// A request to the reports with a wrong token.
    WrongToken,
    /// A document of the public dashboard.
    #[cfg(feature = "dashboard")]
    PublicDashboard,
}

impl RateClass {
    /// Returns the label of the metric.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Like => "like",
            Self::Event => "event",
            Self::Live => "live",
            Self::Visit => "visit",
            Self::Visitor => "visitor",
            Self::WrongToken => "wrong_token",
            #[cfg(feature = "dashboard")]
            Self::PublicDashboard => "public_dashboard",
        }
    }
}

/// The rates of each network.
pub(super) struct RateLimiters {
    comments: NetworkRate,
    likes: NetworkRate,
    events: NetworkRate,
    lives: NetworkRate,
    visits: NetworkRate,
    visitors: NetworkRate,
    wrong_tokens: NetworkRate,
    #[cfg(feature = "dashboard")]
    public_dashboards: NetworkRate,
    /// The number of attempts for each recent comment and network.
    attempts: Cache<(EventId, u64), u32>,
}

/// A rate of each network and of each prefix.
struct NetworkRate {
    own: DefaultKeyedRateLimiter<u32>,
    prefix: DefaultKeyedRateLimiter<u32>,
    /// The recent prefixes over their rate, and when they have room again.
    exhausted: Cache<u64, Instant>,
}

impl NetworkRate {
    fn new(rate: Rate) -> Self {
        let limiter = |factor| {
            let [per_minute, burst] = [rate.per_minute, rate.burst].map(|number| number.saturating_mul(factor));
            RateLimiter::keyed(Quota::per_minute(per_minute).allow_burst(burst))
        };
        Self {
            own: limiter(NonZeroU32::MIN),
            prefix: limiter(PREFIX_FACTOR),
            exhausted: Cache::new(EXHAUSTED_PREFIXES),
        }
    }

    /// Counts a request. If it exceeds the rate, returns the time to wait.
    ///
    /// A network over its rate does not count against its prefix, which others share. A prefix over its rate does not
    /// count in the buckets of its networks, which networks of other prefixes share.
    fn check(&self, networks: Networks) -> Result<(), Duration> {
        let Some(prefix) = networks.prefix() else {
            return check(&self.own, networks.own());
        };
        let now = Instant::now();
        if let Some(wait) = self
            .exhausted
            .get(&prefix)
            .and_then(|until| until.checked_duration_since(now))
        {
            return Err(wait);
        }
        check(&self.own, networks.own())?;
        check(&self.prefix, prefix).inspect_err(|wait| self.exhausted.insert(prefix, now + *wait))
    }

    fn limiters(&self) -> [&DefaultKeyedRateLimiter<u32>; 2] {
        [&self.own, &self.prefix]
    }
}

fn check(limiter: &DefaultKeyedRateLimiter<u32>, hash: u64) -> Result<(), Duration> {
    let bucket = u32::try_from(hash % NETWORKS).unwrap_or(0);
    let checked = limiter.check_key(&bucket);
    checked.map_err(|not_until| not_until.wait_time_from(limiter.clock().now()))
}

impl RateLimiters {
    pub(super) fn new(rates: Rates) -> Self {
        Self {
            comments: NetworkRate::new(rates.comments),
            likes: NetworkRate::new(rates.likes),
            events: NetworkRate::new(rates.events),
            lives: NetworkRate::new(rates.live_streams),
            visits: NetworkRate::new(rates.visits),
            visitors: NetworkRate::new(rates.visitors),
            wrong_tokens: NetworkRate::new(WRONG_TOKENS),
            #[cfg(feature = "dashboard")]
            public_dashboards: NetworkRate::new(PUBLIC_DASHBOARDS),
            attempts: Cache::new(RECENT_COMMENTS),
        }
    }

    /// Counts a request. If the network exceeds its rate, returns the time to wait.
    pub(super) fn check(&self, class: RateClass, networks: Networks) -> Result<(), Duration> {
        match class {
            RateClass::Comment => &self.comments,
            RateClass::Like => &self.likes,
            RateClass::Event => &self.events,
            RateClass::Live => &self.lives,
            RateClass::Visit => &self.visits,
            RateClass::Visitor => &self.visitors,
            RateClass::WrongToken => &self.wrong_tokens,
            #[cfg(feature = "dashboard")]
            RateClass::PublicDashboard => &self.public_dashboards,
        }
        .check(networks)
    }

    /// Returns whether this network sent the comment before and has free retries left, and counts the retry.
    pub(super) fn is_free_retry(&self, id: EventId, networks: Networks) -> bool {
        let key = (id, networks.own());
        let attempts = self.attempts.get(&key).unwrap_or(0);
        let is_free = (1..=FREE_RETRIES).contains(&attempts);
        if is_free {
            self.attempts.insert(key, attempts + 1);
        }
        is_free
    }

    /// Notes a comment that counted against the rate. Its next retries are free.
    pub(super) fn note_comment(&self, id: EventId, networks: Networks) {
        self.attempts.insert((id, networks.own()), 1);
    }

    /// Removes networks without recent requests.
    pub(super) fn clean_up(&self) {
        for limiter in self.all() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// Returns the number of networks in memory.
    pub(super) fn len(&self) -> usize {
        self.all().map(RateLimiter::len).sum()
    }

    fn all(&self) -> impl Iterator<Item = &DefaultKeyedRateLimiter<u32>> {
        let rates = [&self.comments, &self.likes, &self.events, &self.lives];
        let others = [&self.visits, &self.visitors, &self.wrong_tokens];
        let rates = rates.into_iter().chain(others);
        #[cfg(feature = "dashboard")]
        let rates = rates.chain([&self.public_dashboards]);
        rates.flat_map(NetworkRate::limiters)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::networks::Hasher, *};

    fn limiters(comments: Rate) -> (RateLimiters, Hasher) {
        let rates = Rates {
            comments,
            ..Rates::default()
        };
        (RateLimiters::new(rates), Hasher::default())
    }

    #[test]
    fn each_network_has_its_own_limit() {
        let (limiters, hasher) = limiters(Rate::new(1, 2));
        let ask = |address: &str| limiters.check(RateClass::Comment, hasher.networks(address.parse().unwrap()));
        assert!(ask("2001:db8::1").is_ok() && ask("2001:db8::2").is_ok());
        assert!(ask("2001:db8::3").is_err(), "a /64 is one network");
        assert!(ask("2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn a_prefix_has_four_times_the_rate_of_a_network() {
        let (limiters, hasher) = limiters(Rate::new(1, 2));
        let ask = |address: String| limiters.check(RateClass::Comment, hasher.networks(address.parse().unwrap()));
        let accepted = (0..100).filter(|net| ask(format!("2001:db8:0:{net}::1")).is_ok());
        assert_eq!(accepted.count(), 8);
        assert!(ask("2001:db8:1::1".into()).is_ok());
    }

    #[test]
    fn a_prefix_over_its_rate_uses_no_buckets_of_networks() {
        let (rate, hasher) = (NetworkRate::new(Rate::new(1, 2)), Hasher::default());
        for net in 0..100 {
            let _ = rate.check(hasher.networks(format!("2001:db8:0:{net}::1").parse().unwrap()));
        }
        assert!(rate.own.len() <= 9, "{} buckets", rate.own.len());
    }

    #[test]
    fn a_network_over_its_rate_does_not_use_the_rate_of_its_prefix() {
        let (rate, hasher) = (NetworkRate::new(Rate::new(1, 2)), Hasher::default());
        let check = |address: &str| rate.check(hasher.networks(address.parse().unwrap()));
        let accepted = (0..100).filter(|_| check("2001:db8::1").is_ok());
        assert_eq!(accepted.count(), 2);
        assert!(check("2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn a_few_retries_of_a_comment_are_free() {
        let (limiters, hasher) = limiters(Rate::new(1, 1));
        let networks = hasher.networks([192, 0, 2, 1].into());
        let id = EventId::from_u128(1);
        assert!(!limiters.is_free_retry(id, networks));
        limiters.note_comment(id, networks);
        for _ in 0..FREE_RETRIES {
            assert!(limiters.is_free_retry(id, networks));
        }
        assert!(!limiters.is_free_retry(id, networks));
        assert!(!limiters.is_free_retry(EventId::from_u128(2), networks));
    }

    #[test]
    fn the_memory_for_networks_is_bounded() {
        let (limiters, hasher) = limiters(Rate::new(1, 1));
        for number in 0..300_000_u32 {
            let networks = hasher.networks(std::net::Ipv4Addr::from_bits(number).into());
            let _ = limiters.check(RateClass::Comment, networks);
        }
        assert!(limiters.len() as u64 <= NETWORKS);
    }
}
