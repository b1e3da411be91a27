use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::event_factory::EventFactory;
use crate::{
    Draft, Event, EventId, EventKind, EventName, Properties, ReaderId, Stamp, Stats, Timestamp, Topic, VISIT_GAP,
    Visibility, Visit, VisitorKey,
};

/// Generates random events from a seed.
pub(super) struct RandomEvents(fastrand::Rng);

impl RandomEvents {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.u64(..bound)
    }

    /// Returns a new event on one of the topics or, one time in four, a past event.
    pub(super) fn event(&mut self, factory: &mut EventFactory, topics: &[Topic], past: &[Event]) -> Event {
        if self.below(4) == 0
            && let Some(repeat) = self.0.choice(past)
        {
            return repeat.clone();
        }
        factory.advance(Duration::from_secs(self.below(20 * 60)));
        let topic = self.0.choice(topics).cloned().unwrap_or(Topic::Site);
        let kind = self.kind(past);
        let mut event = factory.event(&topic, kind);
        event.at = event.at.minus(Duration::from_secs(self.below(60 * 60)));
        event
    }

    fn custom(&mut self) -> EventKind {
        let name = EventName::new(&format!("name {}", self.below(3)));
        name.map_or(EventKind::visit(None), |name| EventKind::Custom {
            name,
            properties: Properties::default(),
        })
    }

    fn kind(&mut self, past: &[Event]) -> EventKind {
        let reader = ReaderId::from_u128(self.below(4).into());
        let some_id = self.0.choice(past).map(|event| event.id);
        match self.below(7) {
            6 => self.custom(),
            0 => EventKind::visit(None),
            1 => EventKind::visit(Some(VisitorKey::from_u128(self.below(3).into()))),
            2 => EventKind::Like { reader },
            3 => EventKind::Unlike { reader },
            4 => match some_id {
                Some(comment) if self.below(3) == 0 => EventKind::Moderate {
                    comment,
                    verdict: Visibility::Shown,
                },
                Some(comment) => EventKind::Moderate {
                    comment,
                    verdict: Visibility::Removed,
                },
                None => EventKind::Like { reader },
            },
            _ => match Draft::new("", "text", some_id) {
                Ok(draft) => EventKind::Comment {
                    reader,
                    draft,
                    pending: self.below(3) == 0,
                },
                Err(_) => EventKind::Like { reader },
            },
        }
    }
}

/// A second, simple implementation of the counting rules.
#[derive(Default)]
pub(super) struct Model {
    counted: HashSet<EventId>,
    topics: HashMap<Topic, TopicModel>,
}

#[derive(Default)]
struct TopicModel {
    visits: u64,
    seen: HashMap<VisitorKey, Timestamp>,
    likes: HashMap<ReaderId, (Stamp, bool)>,
    shown: HashMap<EventId, bool>,
    verdicts: HashMap<EventId, Stamp>,
    comments_revision: u64,
    events: BTreeMap<String, u64>,
}

impl Model {
    pub(super) fn apply(&mut self, events: &[Event]) {
        for event in events {
            if self.counted.insert(event.id) {
                self.topics.entry(event.topic.clone()).or_default().apply(event);
            }
        }
    }

    pub(super) fn total(&self, topic: &Topic) -> Stats {
        self.topics.get(topic).map_or_else(Stats::default, |topic| Stats {
            visits: topic.visits,
            likes: topic.likes.values().filter(|(_, likes)| *likes).count() as u64,
            comments: topic.shown.values().filter(|shown| **shown).count() as u64,
            comments_revision: topic.comments_revision,
            events: topic
                .events
                .iter()
                .map(|(name, count)| (name.as_str(), *count))
                .collect(),
        })
    }
}

impl TopicModel {
    fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Visit(Visit { visitor: None, .. }) => self.visits += 1,
            EventKind::Visit(Visit {
                visitor: Some(visitor), ..
            }) => {
                let last = self.seen.get(visitor).copied();
                let apart = last.map(|last| last.as_millis().abs_diff(event.at.as_millis()));
                if apart.is_none_or(|apart| u128::from(apart) > VISIT_GAP.as_millis()) {
                    self.visits += 1;
                }
                self.seen.insert(*visitor, last.unwrap_or(event.at).max(event.at));
            }
            EventKind::Like { reader } => self.set_like(*reader, event.stamp(), true),
            EventKind::Unlike { reader } => self.set_like(*reader, event.stamp(), false),
            EventKind::Comment { pending, .. } => self.show(event.id, !pending),
            EventKind::Moderate { comment, verdict } if self.shown.contains_key(comment) => {
                let last = self.verdicts.entry(*comment).or_insert(event.stamp());
                if event.stamp() >= *last {
                    *last = event.stamp();
                    self.show(*comment, *verdict == Visibility::Shown);
                }
            }
            EventKind::Moderate { .. } => {}
            EventKind::Custom { name, .. } => *self.events.entry(name.to_string()).or_default() += 1,
        }
    }

    fn set_like(&mut self, reader: ReaderId, stamp: Stamp, likes: bool) {
        if self.likes.get(&reader).is_none_or(|(last, _)| *last <= stamp) {
            self.likes.insert(reader, (stamp, likes));
        }
    }

    fn show(&mut self, comment: EventId, shown: bool) {
        if self.shown.insert(comment, shown).unwrap_or(false) != shown {
            self.comments_revision += 1;
        }
    }
}
