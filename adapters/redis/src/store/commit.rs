//! What `apply.lua` checks and writes for a batch.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use horizon_core::reports::{ReportChanges, ReportSite};
use horizon_core::{DEDUPE_WINDOW, Event, ReaderId, Result, Topic};

use super::batch::{IdSet, TopicReads};
use super::ledger::{BatchWrites, CommentWrite};
use super::operations::{MAX_FIELDS, Operations};
use super::snapshot::{Snapshot, TopicSnapshot};
use super::state_record::{self, StoredState};
use super::{comment_record, keys, like_record};

/// How much longer than needed Redis keeps ids and states after the last write, if [`expire`](super::expire) does not
/// run: two days. An event may be an hour ahead of the write, and clocks differ.
const EXTRA_TTL: Duration = Duration::from_secs(2 * 24 * 3600);

/// How long a state may be needed: its day, two days until the clock closes it, and an hour.
const STATE_TTL: Duration = Duration::from_secs((25 + 48 + 1) * 3600);

/// The longest time zone and cutoff that are compared, in bytes.
const SITE_LENGTH: usize = 64;

/// The longest number that is compared, in bytes.
const NUMBER_LENGTH: usize = 20;

/// How much of the record of a comment is compared: the state and the stamp of the last verdict, in bytes.
const VERDICT_LENGTH: usize = 25;

/// An id and the bytes of its time.
type NewId = ([u8; 16], Vec<u8>);

/// A batch, what it was counted from, and what it changes.
pub(super) struct CountedBatch<'a> {
    pub(super) events: &'a [Event],
    pub(super) reads: &'a BTreeMap<&'a Topic, TopicReads>,
    pub(super) snapshot: &'a Snapshot<'a>,
    /// The site before the batch.
    pub(super) site: &'a ReportSite,
    pub(super) writes: &'a BatchWrites,
    pub(super) changes: &'a ReportChanges,
}

impl CountedBatch<'_> {
    /// Returns the operations of the script.
    ///
    /// # Errors
    /// A state cannot be encoded.
    pub(super) fn operations(&self) -> Result<Operations> {
        let mut operations = Operations::default();
        self.check(&mut operations);
        operations.add_values(self.writes, self.changes);
        operations.operation(b"!");
        self.write_site(&mut operations);
        for (topic, snapshot) in &self.snapshot.topics {
            if snapshot.dated_after.is_none() {
                operations.operation(b"u");
                for key in keys::of_marking(topic) {
                    operations.key(key);
                }
            }
        }
        self.write_ids(&mut operations);
        self.write_states(&mut operations)?;
        self.write_likes(&mut operations);
        self.write_comments(&mut operations);
        self.write_totals(&mut operations);
        operations.add_buckets(self.changes);
        for topic in self.snapshot.topics.keys() {
            operations.operation(b"t").key(keys::of_topic(topic, keys::TOTAL));
        }
        Ok(operations)
    }

    /// Checks that what was read is still stored.
    fn check(&self, operations: &mut Operations) {
        let site = &self.snapshot.site;
        let cutoff = site.cutoff.map(|cutoff| cutoff.to_string()).unwrap_or_default();
        let stored = [("time_zone", site.zone.clone().unwrap_or_default()), ("cutoff", cutoff)];
        operations.check(&keys::of_topic(Topic::Site, keys::REPORTS), SITE_LENGTH, stored);
        for (topic, snapshot) in &self.snapshot.topics {
            let Some(reads) = self.reads.get(*topic) else { continue };
            check_topic(operations, topic, reads, snapshot);
        }
        for (set, ids) in self.new_ids() {
            for ids in ids.chunks(MAX_FIELDS) {
                operations.operation(b"n").key(set.clone()).number(ids.len());
                ids.iter().for_each(|(id, _)| operations.argument(*id));
            }
        }
        let topics: HashSet<&Topic> = self.writes.event_names.iter().map(|(topic, ..)| topic).collect();
        for topic in topics {
            let Some(snapshot) = self.snapshot.topics.get(topic) else {
                continue;
            };
            let names = [("event_names", snapshot.event_names.clone())];
            operations.check(&keys::of_topic(topic, keys::TOTAL), NUMBER_LENGTH, names);
        }
    }

    /// Returns the new ids and their times by the keys of their sets.
    fn new_ids(&self) -> BTreeMap<String, Vec<NewId>> {
        let mut sets: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for event in self.writes.events.iter().filter_map(|index| self.events.get(*index)) {
            let set = IdSet::of(event);
            let time = comment_record::time(event.at);
            // The upper half of the time follows from the day.
            let time = match set {
                IdSet::Of(_) => time.iter().skip(4).copied().collect(),
                IdSet::Other => time.into(),
            };
            let ids = sets.entry(set.key(&event.topic)).or_default();
            ids.push((event.id.as_u128().to_be_bytes(), time));
        }
        sets
    }

    fn write_site(&self, operations: &mut Operations) {
        let key = keys::of_topic(Topic::Site, keys::REPORTS);
        let Some(cutoff) = self.changes.site.cutoff() else {
            return;
        };
        let fields = [
            ("time_zone", self.site.time_zone().name().to_owned()),
            ("cutoff", cutoff.as_millis().to_string()),
        ];
        operations.set_all(&key, fields);
        let late = self.changes.site.late_events().saturating_sub(self.site.late_events());
        if late > 0 {
            operations
                .operation(b"+")
                .key(key)
                .argument_of("late_events")
                .number(late);
        }
    }

    fn write_ids(&self, operations: &mut Operations) {
        let ttl = (DEDUPE_WINDOW + EXTRA_TTL).as_secs();
        for (set, ids) in self.new_ids() {
            operations.set_all(&set, ids);
            operations.expire(set, ttl);
        }
        for (topic, reads) in self.reads {
            let days = keys::of_topic(topic, keys::ID_DAYS);
            for set in reads.ids.keys() {
                if let IdSet::Of(day) = set {
                    operations.operation(b"s").key(days.clone()).number(day.number());
                }
            }
            operations.expire(days, ttl);
        }
    }

    fn write_states(&self, operations: &mut Operations) -> Result<()> {
        let unknown = StoredState::default();
        let mut records: BTreeMap<&Topic, Vec<_>> = BTreeMap::new();
        let mut erases_key = false;
        for (topic, visitor, state) in &self.changes.visitors {
            let stored = self.snapshot.topics.get(topic);
            let stored = stored.and_then(|stored| stored.states.get(visitor)).unwrap_or(&unknown);
            let field = visitor.as_u128().to_be_bytes();
            match stored.encode_next(state)? {
                Some(record) => records.entry(topic).or_default().push((field, record)),
                None if stored.version.is_empty() => {}
                None => {
                    operations
                        .operation(b"d")
                        .key(keys::of_topic(topic, keys::STATES))
                        .argument(field);
                    erases_key = true;
                }
            }
            if stored.is_old {
                let old = keys::of_topic(topic, keys::OLD_VISITORS);
                operations.operation(b"z").key(old).argument(field);
                erases_key = true;
            }
        }
        if erases_key {
            operations.operation(b"w").key(keys::REWRITE_DUE.into()).number(0);
        }
        for (topic, records) in records {
            let key = keys::of_topic(topic, keys::STATES);
            operations.set_all(&key, records);
            operations.expire(key, (STATE_TTL + EXTRA_TTL).as_secs());
        }
        Ok(())
    }

    fn write_likes(&self, operations: &mut Operations) {
        let mut records: BTreeMap<&Topic, Vec<_>> = BTreeMap::new();
        for ((topic, reader), like) in &self.writes.likes {
            let record = (reader.as_u128().to_be_bytes(), like_record::encode(like));
            records.entry(topic).or_default().push(record);
        }
        for (topic, records) in records {
            operations.set_all(&keys::of_topic(topic, keys::LIKES), records);
        }
    }

    fn write_comments(&self, operations: &mut Operations) {
        for ((topic, write), number) in self.writes.comments.iter().zip(0_usize..) {
            let letter: &[u8] = match write {
                CommentWrite::Add(_) => b"c",
                CommentWrite::SetVisibility(..) => b"m",
            };
            operations.operation(letter);
            for key in keys::of_comments(topic) {
                operations.key(key);
            }
            match write {
                CommentWrite::Add(comment) => {
                    operations.number(number).argument(comment.id.as_u128().to_be_bytes());
                    operations.argument([comment_record::state(comment.visibility)]);
                    operations.argument(comment_record::parent(comment.parent));
                    operations.argument(comment_record::content(comment));
                }
                CommentWrite::SetVisibility(id, visibility, stamp) => {
                    operations.argument(id.as_u128().to_be_bytes());
                    operations.argument([comment_record::state(*visibility)]);
                    operations.argument(comment_record::stamp(*stamp));
                }
            }
        }
    }

    fn write_totals(&self, operations: &mut Operations) {
        for (topic, delta) in &self.writes.deltas {
            let numbers = [
                ("visits", delta.visits),
                ("likes", delta.likes),
                ("comments", delta.comments),
                ("comments_revision", delta.comments_revision),
                ("revision", 1),
            ];
            operations.increment(topic, numbers);
        }
        let mut counts: BTreeMap<(&Topic, &str), i64> = BTreeMap::new();
        for (topic, name, is_new) in &self.writes.event_names {
            *counts.entry((topic, name)).or_default() += 1;
            operations.increment(topic, [("event_names", (*is_new).into())]);
        }
        for ((topic, name), count) in counts {
            let field = format!("{}{name}", super::EVENT_FIELD);
            operations.increment(topic, [(field.as_str(), count)]);
        }
        for (topic, counts) in &self.changes.undated {
            let numbers = [
                ("undated_visits", counts.visits),
                ("undated_likes", counts.likes),
                ("undated_comments", counts.comments),
            ];
            operations.increment(topic, numbers);
        }
    }
}

/// Checks that what was read of a topic is still stored.
fn check_topic(operations: &mut Operations, topic: &Topic, reads: &TopicReads, snapshot: &TopicSnapshot) {
    if snapshot.dated_after.is_none() {
        // Until it has reports, an accumulator of the last version may count the topic.
        let revision = match snapshot.totals.revision {
            0 => String::new(),
            revision => revision.to_string(),
        };
        let stored = [(keys::DATED_AFTER, String::new()), ("revision", revision)];
        operations.check(&keys::of_topic(topic, keys::TOTAL), NUMBER_LENGTH, stored);
    }
    let states = reads.visitors.iter().map(|visitor| {
        let version = snapshot.states.get(visitor).map(|stored| stored.version.clone());
        (visitor.as_u128().to_be_bytes(), version.unwrap_or_default())
    });
    operations.check(
        &keys::of_topic(topic, keys::STATES),
        state_record::VERSION_LENGTH,
        states,
    );
    let like = |reader: &ReaderId| {
        let stored = snapshot.likes.get(reader).cloned().unwrap_or_default();
        (reader.as_u128().to_be_bytes(), stored)
    };
    let likes = reads.readers.iter().map(like);
    operations.check(&keys::of_topic(topic, keys::LIKES), like_record::LENGTH, likes);
    let comments = reads.comments.iter().map(|id| {
        let record = snapshot
            .comments
            .get(id)
            .map(|record| record.iter().take(VERDICT_LENGTH));
        let verdict: Vec<u8> = record.map(|record| record.copied().collect()).unwrap_or_default();
        (id.as_u128().to_be_bytes(), verdict)
    });
    operations.check(&keys::of_topic(topic, keys::COMMENTS), VERDICT_LENGTH, comments);
}
