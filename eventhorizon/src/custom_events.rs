//! Events that the application names.

use horizon_core::{
    DEDUPE_WINDOW, Event, EventCounts, EventId, EventKind, EventName, MAX_EVENT_NAMES, Properties, PropertiesError,
    Stamp, StatsStoreExt, Timestamp, Topic, wire::CustomEventView,
};
use tokio::time::Instant;

use crate::{Caller, Decision, ExistingPage, Horizon, Problem, ProblemKind, breaker::READ_TIMEOUT, limits::RateClass};

/// The largest number of remembered idempotency keys: 4,096, about 3 MB.
pub(crate) const RECENT_EVENTS: usize = 4_096;

/// A tracked event with an idempotency key.
#[derive(Clone, Debug)]
pub(crate) struct RecentEvent {
    topic: Topic,
    name: EventName,
    /// How often it had happened, as the response said.
    count: u64,
}

/// An event that the application names, such as a download. See [`Horizon::track`].
#[derive(Clone, Debug)]
#[must_use]
pub struct CustomEvent {
    name: EventName,
    properties: Properties,
    idempotency_key: Option<EventId>,
}

impl CustomEvent {
    /// Creates an event without properties. The name has 1 to 120 bytes ([`EventName`]).
    ///
    /// # Errors
    /// [`InvalidField`](crate::ProblemKind::InvalidField) with the field `name`.
    pub fn new(name: &str) -> Result<Self, Problem> {
        let name = EventName::new(name).map_err(|error| Problem::invalid_field("name", format!("{error}.")))?;
        Ok(Self {
            name,
            properties: Properties::default(),
            idempotency_key: None,
        })
    }

    /// Adds a property: a text, a number or a truth value, which is stored as text. An event has at most 30 of them
    /// ([`Properties`]). They are checked, and not shown yet.
    ///
    /// # Errors
    /// [`InvalidField`](crate::ProblemKind::InvalidField) with the field `properties`.
    #[expect(clippy::needless_pass_by_value, reason = "values are mostly literals")]
    pub fn property(mut self, key: impl Into<String>, value: impl ToString) -> Result<Self, Problem> {
        let inserted = self.properties.insert(key, value.to_string());
        inserted.map_err(|error: PropertiesError| Problem::invalid_field("properties", format!("{error}.")))?;
        Ok(self)
    }

    /// Sets the id of the event, chosen by the sender. An event that is sent again with the same id within 30 days,
    /// because the response was lost, counts once.
    pub fn idempotency_key(self, key: impl Into<Option<EventId>>) -> Self {
        Self {
            idempotency_key: key.into(),
            ..self
        }
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> &EventName {
        &self.name
    }

    /// Returns the properties.
    pub(crate) fn properties(&self) -> &Properties {
        &self.properties
    }
}

/// Returns the stamp of an event whose id the sender chose. A store finds the id of a repeat only if the repeat has the
/// same time, so the time is that of the id, if it has one within the last 30 days.
fn repeatable_stamp(id: EventId, now: Timestamp) -> Stamp {
    let recent = |at: &Timestamp| (now.minus(DEDUPE_WINDOW)..=now).contains(at);
    Stamp {
        at: id.timestamp().filter(recent).unwrap_or(now),
        id,
    }
}

impl Horizon {
    /// Tracks a custom event of a page, or of the site without one. Returns how often it happened there.
    ///
    /// Like a like, it also counts for an [uncounted](crate::Identity::uncounted) caller and for a program. A page has
    /// at most 64 names of events. Where strangers can send events, an [`EventPolicy`](crate::EventPolicy) should only
    /// accept the names that the application uses. For a caller who counts as a visitor, it also records that they did
    /// something on the page.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{CustomEvent, Horizon, Slug};
    ///
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
    /// let download = CustomEvent::new("download")?.property("file", "guide.pdf")?.property("pages", 12)?;
    /// assert_eq!(horizon.track(&bread, &ada, download).await?.count, 1);
    /// assert_eq!(horizon.track(None, &ada, CustomEvent::new("sign-up")?).await?.count, 1);
    /// assert_eq!(horizon.stats(&[bread.into()]).await?[0].events.get("download"), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`InvalidField`](crate::ProblemKind::InvalidField) with the field `name` if the page already has 64 other names.
    /// [`IdTaken`](crate::ProblemKind::IdTaken) if the idempotency key belongs to a recent event with another name or
    /// of another page: this one would not count. The caller's network exceeds its rate or the limit of the day
    /// ([`NetworkLimits`](crate::NetworkLimits)), or the application's [`EventPolicy`](crate::EventPolicy) rejects the
    /// event. [`Unavailable`](crate::ProblemKind::Unavailable) if the event bus does not acknowledge within 3 seconds.
    /// The event may have been recorded then; sending it again is safe with an [idempotency
    /// key](CustomEvent::idempotency_key).
    pub async fn track<'a>(
        &self,
        page: impl Into<Option<&'a ExistingPage>>,
        caller: &Caller,
        event: CustomEvent,
    ) -> Result<CustomEventView, Problem> {
        self.track_until(page.into(), caller, event, Self::write_deadline())
            .await
    }

    pub(crate) async fn track_until(
        &self,
        page: Option<&ExistingPage>,
        caller: &Caller,
        event: CustomEvent,
        deadline: Instant,
    ) -> Result<CustomEventView, Problem> {
        let CustomEvent {
            name,
            properties,
            idempotency_key,
        } = event;
        let inner = &self.0;
        let networks = inner.limits.networks(caller.address());
        inner.limits.check_rate(RateClass::Event, networks)?;
        let topic = page.map_or(Topic::Site, Topic::from);
        let recent = self.recent_event(idempotency_key, &topic, &name)?;
        let identity = inner.rules.identity(caller, deadline).await?;
        let kind = EventKind::Custom {
            name: name.clone(),
            properties,
        };
        if let Decision::Reject(reason) = inner.rules.decide(&topic, &kind, caller, deadline).await? {
            return Err(Problem::refused(reason));
        }
        inner.clock.check()?;
        let now = inner.clock.stamp()?;
        let stamp = idempotency_key.map_or(now, |key| repeatable_stamp(key, now.at));
        if !identity.is_named() {
            inner.limits.check_events_of_day(idempotency_key, networks, now.at)?;
        }
        let before = self.reserve_name(&topic, &name, deadline).await?;
        self.track_event(Event::new(stamp, topic.clone(), kind), deadline)
            .await?;
        self.record_interaction(page.map(|page| &**page), caller);
        let least = recent.map_or_else(|| before.get(name.as_str()).saturating_add(1), |recent| recent.count);
        let count = self.count_after(&topic, name.as_str(), least, deadline).await;
        if let Some(key) = idempotency_key {
            let name = name.clone();
            inner.recent_events.insert(key, RecentEvent { topic, name, count });
        }
        Ok(CustomEventView { name, count })
    }

    /// Returns the recent event with this key, or fails if it is not a repetition of it.
    fn recent_event(
        &self,
        key: Option<EventId>,
        topic: &Topic,
        name: &EventName,
    ) -> Result<Option<RecentEvent>, Problem> {
        let recent = key.and_then(|key| self.0.recent_events.get(&key));
        match recent {
            Some(recent) if recent.topic != *topic || recent.name != *name => {
                Err(Problem::new(ProblemKind::IdTaken).field("id", "belongs to another event."))
            }
            recent => Ok(recent),
        }
    }

    /// Checks that the topic has the name or room for it, and returns the newest known counts. Only a new name needs a
    /// read of the store. If that fails, the store decides later whether the event counts under its name.
    async fn reserve_name(&self, topic: &Topic, name: &EventName, deadline: Instant) -> Result<EventCounts, Problem> {
        let known = self.known_counts(topic).unwrap_or_default();
        let pending_names = &self.0.pending_names;
        if known.get(name.as_str()) > 0 || (pending_names.contains(topic, name) && !known.is_full()) {
            return Ok(known);
        }
        // Names do not disappear, so a topic without room stays without.
        let counts = if known.is_full() {
            known
        } else {
            let deadline = deadline.min(Instant::now() + READ_TIMEOUT);
            self.read_counts(topic, deadline).await.unwrap_or(known)
        };
        if pending_names.reserve(topic, name, &counts) {
            return Ok(counts);
        }
        let place = topic.slug().map_or("site", |_| "page");
        let reason = format!("is new, and this {place} already has {MAX_EVENT_NAMES} names of custom events.");
        Err(Problem::invalid_field("name", reason))
    }

    /// Returns how often the event happened, including the event that the bus just took: at least `least` times. A
    /// failed read is not an error: the event itself succeeded.
    async fn count_after(&self, topic: &Topic, name: &str, least: u64, deadline: Instant) -> u64 {
        if let Some(stats) = self.0.hub.counted_totals(topic) {
            return stats.events.get(name);
        }
        let is_counted = self.0.hub.is_accumulator();
        match self.read_counts(topic, deadline).await {
            Some(counts) if is_counted => counts.get(name),
            // An accumulator may have counted the event already.
            Some(counts) => counts.get(name).max(least),
            None => least,
        }
    }

    /// Returns the newest counts of the topic that this process knows without a read.
    fn known_counts(&self, topic: &Topic) -> Option<EventCounts> {
        let (hub, cache) = (&self.0.hub, &self.0.cache);
        let published = || hub.published_stats(topic).map(|snapshot| snapshot.stats.events);
        let counted = hub.counted_totals(topic).map(|stats| stats.events);
        counted
            .or_else(published)
            .or_else(|| cache.stats(topic).map(|stats| stats.events))
    }

    /// Reads and caches the totals of an existing topic.
    async fn read_counts(&self, topic: &Topic, deadline: Instant) -> Option<EventCounts> {
        let started = Instant::now();
        let total = self.0.breaker.read_until(deadline, self.0.ports.stats.total(topic));
        let stats = total.await.ok()?.stats;
        self.0.cache.put_stats(topic, stats.clone(), started);
        Some(stats.events)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_repeat_with_an_id_that_contains_its_time_has_the_same_time() {
        let created = Timestamp::from_millis(1_800_000_000_000);
        let id = EventId::new(created, [7; 10]);
        let day = Duration::from_secs(24 * 3600);
        for now in [created, created.plus(day), created.plus(DEDUPE_WINDOW)] {
            assert_eq!(repeatable_stamp(id, now).at, created, "{now:?}");
        }
        for now in [created.minus(day), created.plus(DEDUPE_WINDOW + day)] {
            assert_eq!(repeatable_stamp(id, now).at, now, "an invalid time");
        }
        assert_eq!(
            repeatable_stamp(EventId::from_u128(7), created).at,
            created,
            "no time in the id"
        );
    }
}
