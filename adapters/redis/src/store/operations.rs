//! The operations of a call of `apply.lua`.

use std::collections::{BTreeMap, HashMap, HashSet};

use horizon_core::reports::{MAX_VALUES, OTHER_VALUE, ReportChanges};
use horizon_core::{Day, Topic};
use redis::Cmd;

use super::batch::CommentOwners;
use super::ledger::{BatchWrites, DimensionValue, NOT_STORED};
use super::{bucket_record, keys};
use crate::connection::script::CachedScript;

/// The maximum number of fields that one operation of the script names, because Lua passes about 8,000 arguments.
pub(super) const MAX_FIELDS: usize = 1_000;

/// The keys and the operations of a call.
#[derive(Default)]
pub(super) struct Operations {
    keys: Vec<String>,
    numbers: HashMap<String, usize>,
    arguments: Vec<Vec<u8>>,
    /// The values that the script checks, in the order of its numbers.
    pub(super) claims: Vec<DimensionValue>,
}

impl Operations {
    /// Returns the call of the script.
    pub(super) fn call(&self, script: &CachedScript, owners: &CommentOwners) -> Cmd {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let mut call = script.call(&keys);
        call.arg(owners.first_position).arg(MAX_VALUES).arg(&self.arguments);
        call
    }

    pub(super) fn operation(&mut self, letter: &[u8]) -> &mut Self {
        self.arguments.push(letter.into());
        self
    }

    pub(super) fn key(&mut self, key: String) -> &mut Self {
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                self.keys.push(key.clone());
                self.numbers.insert(key, self.keys.len());
                self.keys.len()
            }
        };
        self.number(number)
    }

    pub(super) fn number(&mut self, number: impl Copy + ToString) -> &mut Self {
        self.arguments.push(number.to_string().into());
        self
    }

    pub(super) fn argument(&mut self, bytes: impl Into<Vec<u8>>) {
        self.arguments.push(bytes.into());
    }

    pub(super) fn argument_of(&mut self, text: &str) -> &mut Self {
        self.arguments.push(text.into());
        self
    }

    /// Checks that the fields of a hash have these values, of which `length` bytes are compared.
    pub(super) fn check<F: AsRef<[u8]>, V: Into<Vec<u8>>>(
        &mut self,
        key: &str,
        length: usize,
        fields: impl IntoIterator<Item = (F, V)>,
    ) {
        let fields: Vec<(F, V)> = fields.into_iter().collect();
        let (names, mut values): (Vec<F>, Vec<Option<V>>) =
            fields.into_iter().map(|(name, value)| (name, Some(value))).unzip();
        for (names, values) in names.chunks(MAX_FIELDS).zip(values.chunks_mut(MAX_FIELDS)) {
            self.operation(b"=").key(key.into()).number(length).number(names.len());
            names.iter().for_each(|name| self.argument(name.as_ref()));
            values
                .iter_mut()
                .filter_map(Option::take)
                .for_each(|value| self.argument(value));
        }
    }

    /// Sets the fields of a hash.
    pub(super) fn set_all<F: Into<Vec<u8>>, V: Into<Vec<u8>>>(
        &mut self,
        key: &str,
        fields: impl IntoIterator<Item = (F, V)>,
    ) {
        let mut fields = fields.into_iter().peekable();
        while fields.peek().is_some() {
            let some: Vec<(F, V)> = fields.by_ref().take(MAX_FIELDS).collect();
            self.operation(b"h").key(key.into()).number(some.len());
            for (name, value) in some {
                self.argument(name);
                self.argument(value);
            }
        }
    }

    pub(super) fn expire(&mut self, key: String, seconds: u64) {
        self.operation(b"x").key(key).number(seconds);
    }

    /// Adds to the totals of a topic.
    pub(super) fn increment<const N: usize>(&mut self, topic: &Topic, numbers: [(&str, i64); N]) {
        for (field, change) in numbers.into_iter().filter(|(_, change)| *change != 0) {
            let total = keys::of_topic(topic, keys::TOTAL);
            self.operation(b"+").key(total).argument_of(field).number(change);
        }
    }

    /// Adds to the values of dimensions. The script checks that there is room for them.
    pub(super) fn add_values(&mut self, writes: &BatchWrites, changes: &ReportChanges) {
        let mut days: BTreeMap<_, Vec<(&DimensionValue, String)>> = BTreeMap::new();
        let dimensions = &changes.dimensions;
        // The claims in their order, because the first ones get the room.
        for claim in &writes.claims {
            let change = dimensions.get(claim).map(bucket_record::encode);
            let values = days.entry((claim.0, claim.1)).or_default();
            values.push((claim, change.unwrap_or_default()));
        }
        let others = dimensions
            .iter()
            .filter(|(value, _)| &*value.2 == OTHER_VALUE && value.0 != NOT_STORED);
        let claimed: HashSet<&DimensionValue> = writes.claims.iter().collect();
        for (other, counts) in others {
            if !claimed.contains(other) {
                let values = days.entry((other.0, other.1)).or_default();
                values.push((other, bucket_record::encode(counts)));
            }
        }
        for ((dimension, day), values) in days {
            for values in values.chunks(MAX_FIELDS) {
                let key = keys::values(dimension, day);
                self.operation(b"v").key(key).number(values.len());
                values.iter().for_each(|(value, _)| self.argument(value.2.as_bytes()));
                values.iter().for_each(|(_, change)| self.argument(change.as_bytes()));
                self.claims.extend(values.iter().map(|(value, _)| (*value).clone()));
            }
        }
    }

    /// Adds to the hours, the days and the custom events of topics.
    pub(super) fn add_buckets(&mut self, changes: &ReportChanges) {
        let zone = changes.site.time_zone();
        let mut days: BTreeMap<_, Vec<(String, String)>> = BTreeMap::new();
        for ((topic, hour), change) in &changes.hours {
            let hour = zone.local_time(*hour);
            let field = (bucket_record::hour_field(hour), bucket_record::encode(&change.counts));
            days.entry((topic, hour.day)).or_default().push(field);
        }
        for ((topic, day), change) in &changes.days {
            let field = (bucket_record::DAY.into(), bucket_record::encode(&change.counts));
            days.entry((topic, *day)).or_default().push(field);
        }
        for ((topic, hour, name), count) in &changes.custom_events {
            let hour = zone.local_time(*hour);
            let field = (bucket_record::event_field(hour, name), count.to_string());
            days.entry((topic, hour.day)).or_default().push(field);
        }
        for ((topic, day), fields) in days {
            let fields: Vec<_> = fields.into_iter().filter(|(_, change)| !change.is_empty()).collect();
            for fields in fields.chunks(MAX_FIELDS) {
                self.operation(b"b").key(keys::buckets(topic, day));
                self.key(keys::of_topic(topic, keys::BUCKET_DAYS));
                self.argument(encode_day(day));
                self.number(fields.len());
                fields.iter().for_each(|(field, _)| self.argument(field.as_bytes()));
                fields.iter().for_each(|(_, change)| self.argument(change.as_bytes()));
            }
        }
    }
}

/// Encodes a day of [`keys::BUCKET_DAYS`].
fn encode_day(day: Day) -> [u8; 4] {
    i32::try_from(day.number()).unwrap_or(i32::MAX).to_be_bytes()
}
