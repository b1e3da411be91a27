use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::script::Script;
use crate::{
    Draft, Event, EventId, EventKind, ReaderId, Stamp, Stats, Timestamp, Topic, VISIT_GAP, Visibility, VisitorKey,
};

/// Random numbers that are the same for the same seed (`SplitMix64`).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let place = self.below(from.len().max(1) as u64);
        usize::try_from(place).ok().and_then(|place| from.get(place))
    }

    /// Something new on one of the topics or, one time in four, something that happened before.
    pub(super) fn event(&mut self, script: &mut Script, topics: &[Topic], past: &[Event]) -> Event {
        if self.below(4) == 0
            && let Some(repeat) = self.pick(past)
        {
            return repeat.clone();
        }
        script.wait(Duration::from_secs(self.below(20 * 60)));
        let topic = self.pick(topics).cloned().unwrap_or(Topic::Site);
        let kind = self.kind(past);
        let mut event = script.event(&topic, kind);
        event.at = event.at.minus(Duration::from_secs(self.below(60 * 60)));
        event
    }

    fn kind(&mut self, past: &[Event]) -> EventKind {
        let reader = ReaderId::from_u128(self.below(4).into());
        let some_id = self.pick(past).map(|event| event.id);
        match self.below(6) {
            0 => EventKind::Visit { visitor: None },
            1 => EventKind::Visit {
                visitor: Some(VisitorKey::from_u128(self.below(3).into())),
            },
            2 => EventKind::Like { reader },
            3 => EventKind::Unlike { reader },
            4 => match (some_id, self.below(3)) {
                (Some(comment), 0) => EventKind::Moderate {
                    comment,
                    verdict: Visibility::Shown,
                },
                (Some(comment), _) => EventKind::Moderate {
                    comment,
                    verdict: Visibility::Removed,
                },
                (None, _) => EventKind::Like { reader },
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

/// The same counting rules, written down a second time and as plainly as can be.
#[derive(Default)]
pub(super) struct Model {
    counted: HashSet<EventId>,
    pages: HashMap<Topic, Page>,
}

#[derive(Default)]
struct Page {
    visits: u64,
    seen: HashMap<VisitorKey, Timestamp>,
    words: HashMap<ReaderId, (Stamp, bool)>,
    shown: HashMap<EventId, bool>,
    verdicts: HashMap<EventId, Stamp>,
    comments_revision: u64,
}

impl Model {
    pub(super) fn apply(&mut self, events: &[Event]) {
        for event in events {
            if self.counted.insert(event.id) {
                self.pages.entry(event.topic.clone()).or_default().apply(event);
            }
        }
    }

    pub(super) fn total(&self, topic: &Topic) -> Stats {
        self.pages.get(topic).map_or_else(Stats::default, |page| Stats {
            visits: page.visits,
            likes: page.words.values().filter(|(_, likes)| *likes).count() as u64,
            comments: page.shown.values().filter(|shown| **shown).count() as u64,
            comments_revision: page.comments_revision,
        })
    }
}

impl Page {
    fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Visit { visitor: None } => self.visits += 1,
            EventKind::Visit { visitor: Some(visitor) } => {
                let last = self.seen.get(visitor).copied();
                let apart = last.map(|last| last.as_millis().abs_diff(event.at.as_millis()));
                if apart.is_none_or(|apart| u128::from(apart) > VISIT_GAP.as_millis()) {
                    self.visits += 1;
                }
                self.seen.insert(*visitor, last.unwrap_or(event.at).max(event.at));
            }
            EventKind::Like { reader } => self.say(*reader, event.stamp(), true),
            EventKind::Unlike { reader } => self.say(*reader, event.stamp(), false),
            EventKind::Comment { pending: held, .. } => self.show(event.id, !held),
            EventKind::Moderate { comment, verdict } if self.shown.contains_key(comment) => {
                let last = self.verdicts.entry(*comment).or_insert(event.stamp());
                if event.stamp() >= *last {
                    *last = event.stamp();
                    self.show(*comment, *verdict == Visibility::Shown);
                }
            }
            EventKind::Moderate { .. } => {}
        }
    }

    fn say(&mut self, reader: ReaderId, said: Stamp, likes: bool) {
        if self.words.get(&reader).is_none_or(|(last, _)| *last <= said) {
            self.words.insert(reader, (said, likes));
        }
    }

    fn show(&mut self, comment: EventId, shown: bool) {
        if self.shown.insert(comment, shown).unwrap_or(false) != shown {
            self.comments_revision += 1;
        }
    }
}
