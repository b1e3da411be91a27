use std::time::Duration;

use horizon_core::{
    ContextValue, Event, EventKind, Slug, Stamp, Timestamp, Topic, Visit, VisitCause, VisitContext, VisitorKey,
};

use crate::{DAY, PAGES, START};

/// Makes the events of sessions.
pub(crate) struct SessionStream {
    state: u64,
    number: u64,
}

impl SessionStream {
    pub(crate) const fn new() -> Self {
        Self { state: 7, number: 0 }
    }

    /// Returns a number below `limit`; small ones are more frequent.
    fn skewed(&mut self, limit: u64) -> u64 {
        let (a, b) = (self.random(limit), self.random(limit));
        a * b / limit.max(1)
    }

    fn random(&mut self, limit: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }

    /// Returns the events of a day in the order of their time.
    pub(crate) fn day(&mut self, day: u64, sessions: u64) -> Vec<Event> {
        let start = START.plus(DAY * u32::try_from(day).unwrap());
        let mut events = Vec::new();
        for session in 0..sessions {
            let at = start.plus(Duration::from_millis(session * 86_000_000 / sessions.max(1)));
            self.session(at, day * sessions + session, &mut events);
        }
        events.sort_by_key(|event| event.at);
        events
    }

    /// Adds the events of a session of two pages: each is opened, reported once and closed.
    fn session(&mut self, start: Timestamp, visitor: u64, events: &mut Vec<Event>) {
        let visitor =
            VisitorKey::from_u128(u128::from(visitor.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(visitor));
        let mut at = start;
        let context = self.context();
        for _ in 0..2 {
            let page = Slug::new(&format!("posts/page-{}", self.skewed(PAGES))).unwrap();
            for (cause, seconds) in [(VisitCause::Open, 0), (VisitCause::Beat, 60), (VisitCause::End, 20)] {
                let mut visit = Visit::of(Some(visitor));
                visit.cause = Some(cause);
                visit.seconds = Some(u32::try_from(seconds + self.random(20)).unwrap());
                let mut of_site = visit.clone();
                of_site.page = Some(page.clone());
                of_site.context = (cause == VisitCause::Open).then(|| Box::new(context.clone()));
                events.push(self.event(at, page.clone().into(), visit));
                events.push(self.event(at, Topic::Site, of_site));
                at = at.plus(Duration::from_secs(30 + self.random(60)));
            }
        }
    }

    fn event(&mut self, at: Timestamp, topic: Topic, visit: Visit) -> Event {
        self.number += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Event::new(Stamp::new(at, random), topic, EventKind::Visit(visit))
    }

    fn context(&mut self) -> VisitContext {
        let mut context = VisitContext::default();
        let mut value = |name: &str, values| Some(ContextValue::new(&format!("{name} {}", self.skewed(values))));
        context.source = value("source", 100);
        context.channel = value("channel", 7);
        context.browser = value("browser", 20);
        context.system = value("system", 10);
        context.device = value("device", 4);
        context.country = value("c", 60);
        context.language = value("l", 20);
        context.campaign = value("campaign", 10);
        context
    }
}
