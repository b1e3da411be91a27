//! The limits of a day (UTC): likes, comments, custom events, and which visitors and pages are known.

use std::hash::Hash;

use horizon_core::{Day, EventId, ReaderId, Slug};
use parking_lot::Mutex;
use quick_cache::unsync::Cache;

use super::{Networks, networks::Hasher};
use crate::NetworkLimits;

/// The largest number of values that are remembered for a day: 131,072, about 6 MB. Beyond it, rarely used ones are
/// forgotten.
const MAX_VALUES: usize = 1 << 17;

/// How many times the limit of likes of one page applies to all pages together: 10.
const SITE_FACTOR: u32 = 10;

/// Limits what a network adds on one day. It forgets everything at midnight, and at the end of the process.
pub(super) struct DailyLimits {
    limits: NetworkLimits,
    hasher: Hasher,
    memory: Mutex<DayMemory>,
}

struct DayMemory {
    day: Day,
    /// By hash: how often a network did something, or 1 for something known.
    values: Cache<u64, u32>,
}

/// A number of a day with its limit.
struct Budget {
    hash: u64,
    limit: u32,
}

impl DayMemory {
    fn new(day: Day) -> Self {
        Self {
            day,
            values: Cache::new(MAX_VALUES),
        }
    }

    fn get(&self, hash: u64) -> u32 {
        self.values.get(&hash).copied().unwrap_or(0)
    }

    /// Adds one to all budgets, unless one of them is spent.
    fn spend(&mut self, budgets: &[Budget]) -> bool {
        if budgets.iter().any(|budget| self.get(budget.hash) >= budget.limit) {
            return false;
        }
        for budget in budgets {
            let spent = self.get(budget.hash);
            self.values.insert(budget.hash, spent.saturating_add(1));
        }
        true
    }
}

impl DailyLimits {
    pub(super) fn new(limits: NetworkLimits, hasher: Hasher, today: Day) -> Self {
        Self {
            limits,
            hasher,
            memory: Mutex::new(DayMemory::new(today)),
        }
    }

    /// Notes that the network has opened the page.
    pub(super) fn note_page(&self, today: Day, networks: Networks, page: &Slug) {
        let opened = self.opened(networks, page);
        self.with_memory(today, |memory| memory.values.insert(opened, 1));
    }

    /// Returns whether this visitor was noted today.
    pub(super) fn is_known_visitor(&self, today: Day, visitor: u64) -> bool {
        let visitor = self.hasher.hash(("visitor", visitor));
        self.with_memory(today, |memory| memory.get(visitor) > 0)
    }

    pub(super) fn note_visitor(&self, today: Day, visitor: u64) {
        let visitor = self.hasher.hash(("visitor", visitor));
        self.with_memory(today, |memory| memory.values.insert(visitor, 1));
    }

    /// Counts a like, unless this reader's like of the page was counted today. Returns whether it is within the limits.
    ///
    /// The limit is lower for a reader without a cookie (`is_new`) whose network has not opened the page.
    pub(super) fn count_like(
        &self,
        today: Day,
        networks: Networks,
        page: &Slug,
        reader: ReaderId,
        is_new: bool,
    ) -> bool {
        let counted = self.hasher.hash(("counted like", reader, page));
        let opened = self.opened(networks, page);
        let mut budgets = self.like_budgets("likes", networks, page, self.limits.likes);
        let without_visit = self.like_budgets("likes without visit", networks, page, self.limits.likes_without_visit);
        self.with_memory(today, |memory| {
            if is_new && memory.get(opened) == 0 {
                budgets.extend(without_visit);
            }
            memory.get(counted) > 0
                || memory.spend(&budgets) && {
                    memory.values.insert(counted, 1);
                    true
                }
        })
    }

    /// Counts a comment, unless this one was counted today. Returns whether it is within the limit.
    pub(super) fn count_comment(&self, today: Day, networks: Networks, id: EventId) -> bool {
        self.count_once("comments", self.limits.comments, today, networks, Some(id))
    }

    /// Counts a custom event, unless one with this id was counted today. Returns whether it is within the limit.
    /// Without an id it is not remembered, so that events do not displace what is known of visitors.
    pub(super) fn count_event(&self, today: Day, networks: Networks, id: Option<EventId>) -> bool {
        self.count_once("custom events", self.limits.events, today, networks, id)
    }

    /// Counts a value of a dimension, unless it is known today. Returns whether it is within the limit.
    pub(super) fn count_value(&self, today: Day, networks: Networks, dimension: &str, value: &str) -> bool {
        let known = self.hasher.hash(("value", dimension, value));
        let budgets = self.budgets("new values", networks, self.limits.new_values);
        self.with_memory(today, |memory| {
            let is_within = memory.get(known) > 0 || memory.spend(&budgets);
            if is_within {
                memory.values.insert(known, 1);
            }
            is_within
        })
    }

    fn count_once(&self, kind: &'static str, limit: u32, today: Day, networks: Networks, id: Option<EventId>) -> bool {
        let counted = id.map(|id| self.hasher.hash(("counted", kind, id, networks.own())));
        let budgets = self.budgets(kind, networks, limit);
        self.with_memory(today, |memory| {
            if counted.is_some_and(|counted| memory.get(counted) > 0) {
                return true;
            }
            let is_within = memory.spend(&budgets);
            if let (true, Some(counted)) = (is_within, counted) {
                memory.values.insert(counted, 1);
            }
            is_within
        })
    }

    /// Returns the number of values in memory.
    pub(super) fn len(&self) -> usize {
        self.memory.lock().values.len()
    }

    /// Forgets the values of the day before.
    pub(super) fn clean_up(&self, today: Day) {
        self.with_memory(today, |_| ());
    }

    fn with_memory<T>(&self, today: Day, change: impl FnOnce(&mut DayMemory) -> T) -> T {
        let mut memory = self.memory.lock();
        // A request of the last moment of a day may come after one of the next day. A larger difference is a clock that
        // was corrected.
        if memory.day < today || today < memory.day.previous() {
            *memory = DayMemory::new(today);
        }
        change(&mut memory)
    }

    fn opened(&self, networks: Networks, page: &Slug) -> u64 {
        self.hasher.hash(("opened", networks.own(), page))
    }

    fn like_budgets(&self, kind: &str, networks: Networks, page: &Slug, limit: u32) -> Vec<Budget> {
        let mut budgets = self.budgets((kind, page), networks, limit);
        budgets.extend(self.budgets(kind, networks, limit.saturating_mul(SITE_FACTOR)));
        budgets
    }

    fn budgets(&self, kind: impl Hash + Copy, networks: Networks, limit: u32) -> Vec<Budget> {
        let budget = |(network, factor)| Budget {
            hash: self.hasher.hash((kind, network)),
            limit: limit.saturating_mul(factor),
        };
        networks.iter().map(budget).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day::from_number(20_000);

    struct Fixture {
        daily: DailyLimits,
        hasher: Hasher,
        readers: u128,
    }

    impl Fixture {
        fn new() -> Self {
            let hasher = Hasher::default();
            Self {
                daily: DailyLimits::new(NetworkLimits::default(), hasher.clone(), TODAY),
                hasher,
                readers: 0,
            }
        }

        fn networks(&self, address: &str) -> Networks {
            self.hasher.networks(address.parse().unwrap())
        }

        fn note_page(&self, address: &str, page: &str) {
            self.daily
                .note_page(TODAY, self.networks(address), &Slug::new(page).unwrap());
        }

        /// Returns how many of 1,000 likes by new readers are within the limits.
        fn likes(&mut self, address: &str, page: &str) -> usize {
            self.likes_on(TODAY, address, page)
        }

        fn likes_on(&mut self, day: Day, address: &str, page: &str) -> usize {
            let (networks, page) = (self.networks(address), Slug::new(page).unwrap());
            let mut like = |_: &u32| {
                self.readers += 1;
                let reader = ReaderId::from_u128(self.readers);
                self.daily.count_like(day, networks, &page, reader, true)
            };
            (0..1_000).filter(&mut like).count()
        }
    }

    #[test]
    fn a_network_that_did_not_open_the_page_likes_it_a_few_times_a_day() {
        let mut fixture = Fixture::new();
        fixture.note_page("192.0.2.1", "cake");
        assert_eq!(fixture.likes("192.0.2.1", "bread"), 3);
        assert_eq!(fixture.likes("192.0.2.1", "bread"), 0);
        assert_eq!(
            fixture.likes("192.0.2.2", "bread"),
            3,
            "other networks are not affected"
        );
        assert_eq!(fixture.likes_on(Day::from_number(20_001), "192.0.2.1", "bread"), 3);
    }

    #[test]
    fn a_network_that_opened_the_page_likes_it_more_often() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.likes("192.0.2.1", "bread"), 3);
        fixture.note_page("192.0.2.1", "bread");
        assert_eq!(fixture.likes("192.0.2.1", "bread"), 61);
        assert_eq!(fixture.likes("192.0.2.1", "bread"), 0);
    }

    #[test]
    fn all_pages_together_have_a_limit() {
        let mut fixture = Fixture::new();
        let likes: usize = (0..100)
            .map(|page| fixture.likes("192.0.2.1", &format!("page-{page}")))
            .sum();
        assert_eq!(likes, 30);
    }

    #[test]
    fn a_prefix_has_four_times_the_limits_of_a_network() {
        let mut fixture = Fixture::new();
        let likes: usize = (0..100)
            .map(|net| fixture.likes(&format!("2001:db8:0:{net}::1"), "bread"))
            .sum();
        assert_eq!(likes, 12);
        assert_eq!(fixture.likes("2001:db8:1::1", "bread"), 3);
    }

    #[test]
    fn a_repeated_like_counts_once() {
        let fixture = Fixture::new();
        let (networks, page) = (fixture.networks("192.0.2.1"), Slug::new("bread").unwrap());
        let like = |reader| {
            fixture
                .daily
                .count_like(TODAY, networks, &page, ReaderId::from_u128(reader), true)
        };
        for reader in [1, 1, 1, 1, 2, 3, 1, 2] {
            assert!(like(reader));
        }
        assert!(!like(4) && like(3));
    }

    #[test]
    fn comments_have_a_limit_and_retries_are_free() {
        let fixture = Fixture::new();
        let networks = fixture.networks("192.0.2.1");
        let comment = |id| fixture.daily.count_comment(TODAY, networks, EventId::from_u128(id));
        assert!((0..100).all(comment));
        assert!(!comment(100) && comment(99));
    }

    #[test]
    fn custom_events_have_a_limit_of_their_own_and_repetitions_are_free() {
        let fixture = Fixture::new();
        let networks = fixture.networks("192.0.2.1");
        let event = |id| fixture.daily.count_event(TODAY, networks, Some(EventId::from_u128(id)));
        assert!((0..2_000).all(event));
        assert!(!event(2_000) && event(1_999));
        assert!(!fixture.daily.count_event(TODAY, networks, None));
        assert!(fixture.daily.count_comment(TODAY, networks, EventId::from_u128(0)));
    }

    #[test]
    fn the_memory_is_bounded_and_free_after_the_day() {
        let fixture = Fixture::new();
        for number in 0..300_000_u32 {
            let networks = fixture.hasher.networks(std::net::Ipv4Addr::from_bits(number).into());
            fixture.daily.note_page(TODAY, networks, &Slug::new("bread").unwrap());
        }
        assert!(fixture.daily.len() <= MAX_VALUES);
        fixture.daily.clean_up(Day::from_number(20_001));
        assert_eq!(fixture.daily.len(), 0);
    }

    #[test]
    fn a_late_request_of_the_day_before_keeps_the_values_of_the_new_day() {
        let fixture = Fixture::new();
        let (tomorrow, networks) = (Day::from_number(TODAY.number() + 1), fixture.networks("192.0.2.1"));
        fixture.daily.note_visitor(tomorrow, 1);
        assert!(!fixture.daily.is_known_visitor(TODAY, 2));
        assert!(fixture.daily.is_known_visitor(tomorrow, 1));
        // A clock that was corrected starts the day anew.
        fixture.daily.note_page(
            Day::from_number(TODAY.number() - 1),
            networks,
            &Slug::new("bread").unwrap(),
        );
        assert!(!fixture.daily.is_known_visitor(tomorrow, 1));
    }
}
