use std::time::Duration;

use crate::{
    ContextValue, Draft, Event, EventId, EventKind, EventName, Properties, ReaderId, Slug, Stamp, Timestamp, Topic,
    VISIT_GAP, Visibility, Visit, VisitCause, VisitContext, VisitorKey,
};

/// The pages of random events.
pub(super) const PAGES: [&str; 5] = ["/", "hello", "docs/intro", "stra\u{df}e", "a b:c"];

/// The names of random custom events.
pub(super) const EVENT_NAMES: [&str; 3] = ["download", "\u{1f44d}", "a:b {c} 'd'"];

/// The values of random contexts.
pub(super) const CONTEXT_VALUES: [&str; 5] = ["google", "news.example", "x'y:z", "\u{e9}t\u{e9} 2026", "42"];

/// The greatest age of an event that is not late, relative to the newest event: 20 hours.
const MAX_DISORDER: Duration = Duration::from_secs(20 * 3600);

/// The greatest age of a late event: 4 days.
const MAX_LATENESS: Duration = Duration::from_secs(4 * 24 * 3600);

/// How many of the latest events may be repeated.
const REPEATABLE: usize = 300;

/// The visitors of a generator, unless [`RandomVisits::with_visitors`] sets another number.
const VISITORS: u128 = 6;

const READERS: u128 = 4;

/// Generates random events of a site from a seed: of several visitors, pages and contexts, out of order by up to 20
/// hours, with repeats.
///
/// ```
/// use horizon_core::Timestamp;
/// use horizon_core::testing::RandomVisits;
///
/// let start = Timestamp::from_millis(1_800_000_000_000);
/// let (mut one, mut other) = (RandomVisits::new(7, start), RandomVisits::new(7, start));
/// assert_eq!(one.batch(), other.batch());
/// ```
#[derive(Clone, Debug)]
pub struct RandomVisits {
    rng: fastrand::Rng,
    /// The time of the newest event, or later.
    clock: Timestamp,
    serial: u64,
    visitors: u128,
    /// Whether the clock moves with each event, and not only with `continue_at`.
    has_running_clock: bool,
    has_late_events: bool,
    has_verdicts: bool,
    /// The visitors' latest times, to hit the boundaries of visits.
    seen: Vec<(VisitorKey, Timestamp)>,
    past: Vec<Event>,
    comments: Vec<(Topic, EventId)>,
}

impl RandomVisits {
    /// Returns a generator of events from about `start` on.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            clock: start,
            serial: 0,
            visitors: VISITORS,
            has_running_clock: true,
            has_late_events: false,
            has_verdicts: true,
            seen: Vec::new(),
            past: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// Adds events that are up to 4 days old.
    #[must_use]
    pub fn with_late_events(mut self) -> Self {
        self.has_late_events = true;
        self
    }

    /// Leaves out verdicts on comments. A verdict counts only after its comment, so their order matters.
    #[must_use]
    pub fn without_verdicts(mut self) -> Self {
        self.has_verdicts = false;
        self
    }

    /// Generates events of this many visitors.
    #[must_use]
    pub fn with_visitors(mut self, visitors: u32) -> Self {
        self.visitors = u128::from(visitors.max(1));
        self
    }

    /// Stops the clock, so that no event is later than the start or the last [`continue_at`](Self::continue_at).
    #[must_use]
    pub fn with_stopped_clock(mut self) -> Self {
        self.has_running_clock = false;
        self
    }

    /// Continues at a later time.
    pub fn continue_at(&mut self, at: Timestamp) {
        self.clock = self.clock.max(at);
    }

    /// Returns the current time, at or after that of all events.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock
    }

    /// Returns 1 to 50 events.
    pub fn batch(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        for _ in 0..=self.rng.usize(..25) {
            batch.extend(self.step());
        }
        batch
    }

    fn step(&mut self) -> Vec<Event> {
        let recent = self.past.len().saturating_sub(REPEATABLE);
        let recent = self.past.get(recent..).unwrap_or_default();
        if self.rng.u8(..8) == 0
            && let Some(repeat) = self.rng.choice(recent)
        {
            return vec![repeat.clone()];
        }
        let seconds = match self.rng.u8(..40) {
            0 => self.rng.u64(..6 * 3600),
            1..12 => 0,
            12..30 => self.rng.u64(..300),
            _ => self.rng.u64(..1200),
        };
        if self.has_running_clock {
            self.clock = self.clock.plus(Duration::from_secs(seconds));
        }
        let events = match self.rng.u8(..20) {
            0..12 => self.visit_of_visitor(),
            12..14 => self.visit_without_key(),
            14 => self.like(true),
            15 => self.like(false),
            16 => self.comment(),
            17 if self.has_verdicts => self.verdict(),
            _ => self.custom_event(),
        };
        self.past.extend(events.iter().cloned());
        events
    }

    /// Returns the events of the page and of the site, or only one of them.
    fn visit_of_visitor(&mut self) -> Vec<Event> {
        let visitor = VisitorKey::from_u128(self.rng.u128(..self.visitors));
        let at = self.time_of_visit(visitor);
        self.seen.push((visitor, at));
        let mut visit = Visit::of(Some(visitor));
        visit.cause = self.cause();
        visit.finished = self.rng.u8(..6) == 0;
        visit.interactive = self.rng.u8(..8) == 0;
        self.events_of_visit(at, visit)
    }

    fn visit_without_key(&mut self) -> Vec<Event> {
        let at = self.time();
        let mut visit = Visit::of(None);
        visit.cause = self.cause();
        visit.finished = self.rng.u8(..6) == 0;
        self.events_of_visit(at, visit)
    }

    fn events_of_visit(&mut self, at: Timestamp, mut visit: Visit) -> Vec<Event> {
        let page = self.page();
        visit.seconds = match self.rng.u8(..10) {
            0..4 => None,
            4..9 => Some(self.rng.u32(..400)),
            _ => Some(self.rng.u32(..200_000)),
        };
        let mut of_site = visit.clone();
        of_site.page = page.slug().filter(|_| self.rng.u8(..8) > 0).cloned();
        let has_context = visit.cause() == VisitCause::Open || self.rng.u8(..10) == 0;
        of_site.context = has_context.then(|| Box::new(self.context()));
        let (on_page, on_site) = match self.rng.u8(..8) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let mut events = Vec::new();
        if on_page {
            events.push(self.event(at, page, EventKind::Visit(visit)));
        }
        if on_site {
            events.push(self.event(at, Topic::Site, EventKind::Visit(of_site)));
        }
        events
    }

    fn cause(&mut self) -> Option<VisitCause> {
        match self.rng.u8(..8) {
            0..3 => Some(VisitCause::Open),
            3 => Some(VisitCause::Reopen),
            4 | 5 => Some(VisitCause::Beat),
            6 => Some(VisitCause::End),
            _ => None,
        }
    }

    fn context(&mut self) -> VisitContext {
        let rng = &mut self.rng;
        let mut value = || {
            let value = rng.choice(CONTEXT_VALUES).filter(|_| rng.bool());
            value.map(ContextValue::new)
        };
        VisitContext {
            source: value(),
            channel: value(),
            medium: value(),
            campaign: value(),
            term: value(),
            content: value(),
            browser: value(),
            system: value(),
            device: value(),
            country: value(),
            language: value(),
        }
    }

    fn like(&mut self, is_liked: bool) -> Vec<Event> {
        let (at, topic, reader) = (self.time(), self.topic(), self.reader());
        let kind = if is_liked {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        vec![self.event(at, topic, kind)]
    }

    fn comment(&mut self) -> Vec<Event> {
        let (at, topic, reader) = (self.time(), self.page(), self.reader());
        let Ok(draft) = Draft::new("Ada", "text", None) else {
            return Vec::new();
        };
        let pending = self.rng.u8(..4) == 0;
        let comment = self.event(at, topic.clone(), EventKind::Comment { reader, draft, pending });
        self.comments.push((topic, comment.id));
        vec![comment]
    }

    fn verdict(&mut self) -> Vec<Event> {
        let Some((topic, comment)) = self.rng.choice(&self.comments).cloned() else {
            return Vec::new();
        };
        let verdicts = [Visibility::Shown, Visibility::Pending, Visibility::Removed];
        let verdict = self.rng.choice(verdicts).unwrap_or(Visibility::Removed);
        let at = self.time();
        vec![self.event(at, topic, EventKind::Moderate { comment, verdict })]
    }

    fn custom_event(&mut self) -> Vec<Event> {
        let (at, topic) = (self.time(), self.topic());
        let name = self.rng.choice(EVENT_NAMES).unwrap_or_default();
        let Ok(name) = EventName::new(name) else {
            return Vec::new();
        };
        let properties = Properties::default();
        vec![self.event(at, topic, EventKind::Custom { name, properties })]
    }

    /// Returns a time for a visit, one in six at the boundary of another visit of the visitor.
    fn time_of_visit(&mut self, visitor: VisitorKey) -> Timestamp {
        let mut seen = self.seen.iter().rev().filter(|(seen, _)| *seen == visitor);
        let Some((_, last)) = seen.next().copied().filter(|_| self.rng.u8(..6) == 0) else {
            return self.time();
        };
        let gap = VISIT_GAP + Duration::from_millis(self.rng.u64(..2));
        let at = if self.rng.bool() {
            last.plus(gap)
        } else {
            last.minus(gap)
        };
        let earliest = self.clock.minus(MAX_DISORDER);
        at.clamp(earliest, self.clock)
    }

    fn time(&mut self) -> Timestamp {
        let max_age = match self.rng.u8(..20) {
            0 if self.has_late_events => MAX_LATENESS,
            0..2 => MAX_DISORDER,
            2..8 => Duration::from_secs(3600),
            _ => Duration::ZERO,
        };
        let age = self.rng.u64(..=max_age.as_secs());
        let at = self.clock.minus(Duration::from_secs(age));
        // Events at the same time are ordered by their ids.
        let minute = at.as_millis().div_euclid(60_000) * 60_000;
        let is_earlier = at.as_millis() - minute < 30_000 && age < MAX_DISORDER.as_secs() - 60;
        if is_earlier { Timestamp::from_millis(minute) } else { at }
    }

    fn page(&mut self) -> Topic {
        let page = self.rng.choice(PAGES).and_then(|page| Slug::new(page).ok());
        page.map_or(Topic::Site, Topic::Page)
    }

    fn topic(&mut self) -> Topic {
        let page = self.page();
        if self.rng.u8(..4) == 0 { Topic::Site } else { page }
    }

    fn reader(&mut self) -> ReaderId {
        ReaderId::from_u128(self.rng.u128(..READERS))
    }

    fn event(&mut self, at: Timestamp, topic: Topic, kind: EventKind) -> Event {
        self.serial += 1;
        let mut random = [0; 10];
        random[..2].copy_from_slice(&self.rng.u16(..).to_be_bytes());
        random[2..].copy_from_slice(&self.serial.to_be_bytes());
        Event::new(Stamp::new(at, random), topic, kind)
    }
}
