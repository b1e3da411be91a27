//! The limits of each client network: rates, open streams, viewers, and what it adds in a day.

mod daily;
mod networks;
mod open;
mod rates;
mod values;

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use horizon_core::{Day, EventId, ReaderId, Slug, Timestamp, VisitCause};

use self::{daily::DailyLimits, networks::Hasher, open::OpenLimits, rates::RateLimiters};
use crate::{Config, Problem, metrics::Metrics, visit_tracker::VisitorIdentity};

pub(crate) use networks::Networks;
pub(crate) use open::{StreamPermit, ViewerPermit};
pub(crate) use rates::RateClass;

/// The interval of [`ClientLimits::clean_up`]: one minute.
pub(crate) const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The `Retry-After` of a stream that exceeds the limit of its network: one minute.
const STREAM_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The reason in the metric of dropped visits.
const DROPPED: &str = "network";

/// All limits of client networks. It stores only keyed hashes, in memory.
pub(crate) struct ClientLimits {
    hasher: Hasher,
    rates: RateLimiters,
    open: Arc<OpenLimits>,
    daily: DailyLimits,
    metrics: Arc<Metrics>,
}

impl ClientLimits {
    pub(crate) fn new(config: &Config, metrics: Arc<Metrics>, now: Timestamp) -> Self {
        let (hasher, limits) = (Hasher::default(), config.network_limits);
        Self {
            rates: RateLimiters::new(config.rates),
            open: OpenLimits::new(limits),
            daily: DailyLimits::new(limits, hasher.clone(), now.day()),
            hasher,
            metrics,
        }
    }

    pub(crate) fn networks(&self, address: IpAddr) -> Networks {
        self.hasher.networks(address)
    }

    /// Counts a request, or fails if the network exceeds its rate.
    pub(crate) fn check_rate(&self, class: RateClass, networks: Networks) -> Result<(), Problem> {
        self.rates.check(class, networks).map_err(|wait| {
            self.metrics.rate_limited(class.name());
            Problem::too_many_requests("Your network sends too many of these requests.", wait)
        })
    }

    /// Counts a like of a day, or fails if the network exceeds a limit. `is_new` is a reader without a cookie.
    pub(crate) fn check_likes_of_day(
        &self,
        page: &Slug,
        reader: ReaderId,
        is_new: bool,
        networks: Networks,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let is_within = self.daily.count_like(now.day(), networks, page, reader, is_new);
        self.check_day(is_within, "like_day", "Your network sent too many likes today.", now)
    }

    /// Counts a custom event of a day, or fails if the network exceeds the limit. Events with the same `key` count
    /// once.
    pub(crate) fn check_events_of_day(
        &self,
        key: Option<EventId>,
        networks: Networks,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let is_within = self.daily.count_event(now.day(), networks, key);
        self.check_day(is_within, "event_day", "Your network sent too many events today.", now)
    }

    /// Opens a live stream, or fails if the network has too many.
    pub(crate) fn open_stream(&self, networks: Networks) -> Result<StreamPermit, Problem> {
        OpenLimits::open_stream(&self.open, networks).ok_or_else(|| {
            self.metrics.rate_limited("open_streams");
            Problem::too_many_requests("Your network has too many live streams open.", STREAM_RETRY_AFTER)
        })
    }

    /// Notes that the network has opened the page.
    pub(crate) fn note_page(&self, networks: Networks, page: &Slug, now: Timestamp) {
        self.daily.note_page(now.day(), networks, page);
    }

    /// Counts a visitor, or fails with the reason if the network has too many new ones. A known visitor, a returning
    /// one and a user of the application are not new.
    pub(crate) fn check_visitor(
        &self,
        identity: &VisitorIdentity,
        cause: VisitCause,
        networks: Networks,
        today: Day,
    ) -> Result<(), &'static str> {
        let visitor = match (identity, cause) {
            (VisitorIdentity::Named(_), _) | (VisitorIdentity::Anonymous, VisitCause::Reopen) => return Ok(()),
            _ => self.visitor(identity, networks),
        };
        if visitor.is_some_and(|visitor| self.daily.is_known_visitor(today, visitor)) {
            return Ok(());
        }
        self.rates.check(RateClass::Visitor, networks).map_err(|_| DROPPED)?;
        if let Some(visitor) = visitor {
            self.daily.note_visitor(today, visitor);
        }
        Ok(())
    }

    /// Counts a viewer until the permit is dropped, or fails with the reason if the network has too many. Users of the
    /// application need no permit.
    pub(crate) fn count_viewer(
        &self,
        identity: &VisitorIdentity,
        networks: Networks,
    ) -> Result<Option<ViewerPermit>, &'static str> {
        if matches!(identity, VisitorIdentity::Named(_)) {
            return Ok(None);
        }
        let permit = OpenLimits::count_viewer(&self.open, networks, self.visitor(identity, networks));
        permit.map(Some).ok_or(DROPPED)
    }

    /// Removes networks without recent requests.
    pub(crate) fn clean_up(&self, today: Day) {
        self.rates.clean_up();
        self.open.clean_up();
        self.daily.clean_up(today);
    }

    /// Sets the metrics of what is in memory.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "called when metrics are read"))]
    pub(crate) fn set_metrics(&self) {
        let sizes = [
            ("rates", self.rates.len()),
            ("open", self.open.len()),
            ("day", self.daily.len()),
        ];
        for (kind, size) in sizes {
            self.metrics.set_limit_entries(kind, size);
        }
    }

    fn check_day(
        &self,
        is_within: bool,
        kind: &'static str,
        detail: &'static str,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if is_within {
            return Ok(());
        }
        self.metrics.rate_limited(kind);
        Err(Problem::too_many_requests(detail, now.until_next_day()))
    }

    /// Returns a hash that distinguishes a visitor from others of the network.
    fn visitor(&self, identity: &VisitorIdentity, networks: Networks) -> Option<u64> {
        match identity {
            VisitorIdentity::Network { user_agent, .. } => Some(self.hasher.hash((networks.own(), user_agent))),
            _ => None,
        }
    }
}

#[cfg_attr(not(feature = "comments"), expect(dead_code, reason = "only comments use it"))]
impl ClientLimits {
    /// Like [`check_rate`](Self::check_rate), for a comment: a few retries do not count against the rate.
    pub(crate) fn check_comment(&self, id: EventId, networks: Networks) -> Result<(), Problem> {
        if self.rates.is_free_retry(id, networks) {
            return Ok(());
        }
        self.check_rate(RateClass::Comment, networks)?;
        self.rates.note_comment(id, networks);
        Ok(())
    }

    /// Counts a comment of a day, or fails if the network exceeds the limit.
    pub(crate) fn check_comments_of_day(&self, id: EventId, networks: Networks, now: Timestamp) -> Result<(), Problem> {
        let is_within = self.daily.count_comment(now.day(), networks, id);
        self.check_day(
            is_within,
            "comment_day",
            "Your network sent too many comments today.",
            now,
        )
    }
}

impl fmt::Debug for ClientLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientLimits")
    }
}
