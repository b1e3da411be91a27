//! [`Facts`] changes tables as the ledger of the same tables does.

mod reports;

use std::convert::Infallible;
use std::time::Duration;

use fastrand::Rng;
use horizon_core::{
    BatchKeys, Changes, Draft, Event, EventId, EventKind, EventName, Facts, Ledger as _, Properties, ReaderId, Slug,
    Stamp, Timestamp, Topic, Visibility, VisitorKey, apply_events,
};

use super::Tables;

const SEEDS: u64 = 300;
const BATCHES: usize = 12;
const MAX_BATCH: usize = 12;

/// Random events with repeats, late events, and comments and verdicts that refer to earlier events of any kind.
struct RandomBatches {
    random: Rng,
    now: Timestamp,
    serial: u64,
    past: Vec<Event>,
}

impl RandomBatches {
    fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            now: Timestamp::from_millis(1_800_000_000_000),
            serial: 0,
            past: Vec::new(),
        }
    }

    fn batch(&mut self) -> Vec<Event> {
        (0..self.random.usize(1..=MAX_BATCH)).map(|_| self.event()).collect()
    }

    fn event(&mut self) -> Event {
        if self.random.u8(..4) == 0
            && let Some(repeat) = self.random.choice(&self.past)
        {
            return repeat.clone();
        }
        self.serial += 1;
        let mut entropy = [0; 10];
        entropy[2..].copy_from_slice(&self.serial.to_be_bytes());
        self.now = self.now.plus(Duration::from_secs(self.random.u64(..20 * 60)));
        let lateness = Duration::from_secs(self.random.u64(..60 * 60));
        let stamp = Stamp::new(self.now.minus(lateness), entropy);
        let page = |name| Topic::from(Slug::new(name).unwrap());
        let mut topic = match self.random.u8(..5) {
            0 => Topic::Site,
            1 | 2 => page("one"),
            _ => page("two"),
        };
        let mut kind = self.kind();
        // Mostly a verdict on a comment of the page, and often not the first one.
        if let EventKind::Moderate { comment, .. } = &mut kind
            && let Some(target) = self.comment()
            && self.random.u8(..8) > 0
        {
            (*comment, topic) = (target.id, target.topic);
        }
        let event = Event::new(stamp, topic, kind);
        self.past.push(event.clone());
        event
    }

    /// Returns one of the last comments.
    fn comment(&mut self) -> Option<Event> {
        let is_comment = |event: &&Event| matches!(event.kind, EventKind::Comment { .. });
        let last: Vec<_> = self.past.iter().rev().filter(is_comment).take(3).collect();
        self.random.choice(last).cloned()
    }

    fn kind(&mut self) -> EventKind {
        let reader = ReaderId::from_u128(self.random.u128(..3));
        // Mostly a recent event, which is often in the same batch.
        let recent = self.past.len().saturating_sub(MAX_BATCH);
        let earlier = self.random.choice(&self.past[recent..]).map(|event| event.id);
        match self.random.u8(..8) {
            0 => EventKind::visit(None),
            1 => EventKind::visit(Some(VisitorKey::from_u128(self.random.u128(..3)))),
            2 => EventKind::Like { reader },
            3 => EventKind::Unlike { reader },
            4 => EventKind::Moderate {
                comment: earlier.unwrap_or(EventId::from_u128(1)),
                verdict: *self.random.choice(&VERDICTS).unwrap(),
            },
            5 => EventKind::Custom {
                // More names than a topic may have.
                name: EventName::new(&self.random.u8(..80).to_string()).unwrap(),
                properties: Properties::default(),
            },
            _ => EventKind::Comment {
                reader,
                draft: Draft::new("Ada", "text", earlier).unwrap(),
                pending: self.random.bool(),
            },
        }
    }
}

const VERDICTS: [Visibility; 3] = [Visibility::Shown, Visibility::Pending, Visibility::Removed];

impl Tables {
    /// Reads what the keys name, and nothing else.
    fn facts(&self, keys: &BatchKeys) -> Facts {
        let mut facts = Facts::default();
        for id in keys.event_ids.iter().filter(|id| self.counted.contains_key(id)) {
            facts.insert_event_id(*id);
        }
        for key in &keys.visitors {
            if let Some(last) = self.last_seen.get(key) {
                facts.insert_visitor(key.0.clone(), key.1, *last);
            }
        }
        for key in &keys.likes {
            if let Some((is_liked, stamp)) = self.likes.get(key) {
                facts.insert_like(key.0.clone(), key.1, *is_liked, *stamp);
            }
        }
        for id in &keys.comments {
            if let Some(comment) = self.comments.find(*id) {
                facts.insert_comment(comment.clone());
            }
        }
        for id in &keys.verdicts {
            if let Some(stamp) = self.verdicts.get(id) {
                facts.insert_verdict(*id, *stamp);
            }
        }
        for topic in &keys.topics {
            facts.insert_totals(self.total(topic));
        }
        facts
    }

    fn write(&mut self, changes: Changes) {
        self.counted.extend(changes.event_ids);
        for change in changes.visitors {
            self.last_seen.insert((change.topic, change.visitor), change.last_seen);
        }
        for change in changes.likes {
            let key = (change.topic, change.reader);
            self.likes.insert(key, (change.is_liked, change.stamp));
        }
        for comment in &changes.comments {
            let Ok(()) = self.add_comment(comment);
        }
        for change in changes.verdicts {
            self.verdicts.insert(change.comment, change.stamp);
            self.comments.set_visibility(change.comment, change.visibility);
        }
        for total in changes.totals {
            self.totals.insert(total.topic.clone(), total);
        }
    }
}

#[test]
fn facts_change_the_tables_as_the_ledger_does() {
    for seed in 1..=SEEDS {
        let mut events = RandomBatches::new(seed);
        let (mut direct, mut facts_first) = (Tables::default(), Tables::default());
        for number in 1..=BATCHES {
            let batch = events.batch();
            let Ok::<_, Infallible>(wanted) = apply_events(&mut direct, &batch);
            let (changes, updates) = facts_first.facts(&BatchKeys::of(&batch)).apply(&batch);
            facts_first.write(changes);
            let context = format!("seed {seed}, batch {number}: {batch:#?}");
            assert_eq!(updates, wanted, "{context}");
            assert_eq!(facts_first.counted, direct.counted, "{context}");
            assert_eq!(facts_first.last_seen, direct.last_seen, "{context}");
            assert_eq!(facts_first.likes, direct.likes, "{context}");
            assert_eq!(facts_first.verdicts, direct.verdicts, "{context}");
            assert_eq!(facts_first.totals, direct.totals, "{context}");
            assert_eq!(facts_first.comments.all(), direct.comments.all(), "{context}");
        }
    }
}

#[test]
fn custom_events_beyond_the_limit_of_names_count_as_others() {
    let stamp = |number| Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
    let event = |number: u8| {
        let name = EventName::new(&number.to_string()).unwrap();
        let kind = EventKind::Custom {
            name,
            properties: Properties::default(),
        };
        Event::new(stamp(number), Topic::Site, kind)
    };
    let batches: Vec<Vec<Event>> = vec![(0..60).map(event).collect(), (60..80).map(event).collect()];
    let (mut direct, mut facts_first) = (Tables::default(), Tables::default());
    for batch in &batches {
        let Ok::<_, Infallible>(wanted) = apply_events(&mut direct, batch);
        let (changes, updates) = facts_first.facts(&BatchKeys::of(batch)).apply(batch);
        facts_first.write(changes);
        assert_eq!(updates, wanted);
    }
    let counts = facts_first.total(&Topic::Site).stats.events;
    assert_eq!(counts.get("(other)"), 16);
    assert_eq!(counts, direct.total(&Topic::Site).stats.events);
}

#[test]
fn a_repeated_batch_changes_nothing() {
    let mut events = RandomBatches::new(1);
    let mut tables = Tables::default();
    let batch: Vec<Event> = (0..BATCHES).flat_map(|_| events.batch()).collect();
    let Ok(updates) = apply_events(&mut tables, &batch);
    let (changes, repeated) = tables.facts(&BatchKeys::of(&batch)).apply(&batch);
    assert_eq!(changes, Changes::default());
    assert_eq!(repeated, updates);
}
