use std::hash::{BuildHasherDefault, Hasher};
use std::{collections::HashMap, sync::Arc};

use crate::Day;
use crate::reports::time_zone::date_of;
use crate::reports::{Dimension, MAX_DIMENSIONS, Period, Query, SiteTimeZone, hour_value};

/// The number of the value of each dimension of a query; 0 beyond its dimensions.
pub(super) type Key = [u32; MAX_DIMENSIONS];

/// The values of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Labels<'a> {
    pub(super) period: Period,
    pub(super) page: &'a str,
    pub(super) event: &'a str,
    pub(super) value: &'a str,
}

/// The groups of an answer: each has a number from 0.
#[derive(Debug)]
pub(super) struct QueryGroups<'a> {
    dimensions: &'a [Dimension],
    zone: &'a SiteTimeZone,
    values: [Values; MAX_DIMENSIONS],
    periods: HashMap<Period, u32>,
    last_period: Option<(Period, u32)>,
    numbers: HashMap<u64, usize, BuildHasherDefault<KeyHasher>>,
    keys: Vec<Key>,
}

/// The values of a dimension, each with a number from 0.
#[derive(Debug, Default)]
struct Values {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

/// Hashes packed keys. Nobody can choose them, because each value gets the next number.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, key: u64) {
        // An odd number near 2^64 / golden ratio: Knuth, The Art of Computer Programming, volume 3, section 6.4.
        let product = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'a> QueryGroups<'a> {
    /// Returns no groups, or the only one of a query without dimensions.
    pub(super) fn new(query: &'a Query, zone: &'a SiteTimeZone) -> Self {
        let mut groups = Self {
            dimensions: &query.dimensions,
            zone,
            values: Default::default(),
            periods: HashMap::new(),
            last_period: None,
            numbers: HashMap::default(),
            keys: Vec::new(),
        };
        if query.dimensions.is_empty() {
            groups.group(Key::default());
        }
        groups
    }

    pub(super) const fn dimensions(&self) -> &'a [Dimension] {
        self.dimensions
    }

    pub(super) const fn zone(&self) -> &'a SiteTimeZone {
        self.zone
    }

    /// Returns the number of a group.
    pub(super) fn group(&mut self, key: Key) -> usize {
        let next = self.keys.len();
        let packed = key.iter().fold(0, |packed, number| (packed << 32) | u64::from(*number));
        let group = *self.numbers.entry(packed).or_insert(next);
        if group == next {
            self.keys.push(key);
        }
        group
    }

    /// Returns the number of the group with these values.
    pub(super) fn group_of(&mut self, labels: &Labels<'_>) -> usize {
        let mut key = Key::default();
        for (position, (number, dimension)) in key.iter_mut().zip(self.dimensions).enumerate() {
            *number = match dimension {
                Dimension::Page => self.value(position, labels.page),
                Dimension::Event => self.value(position, labels.event),
                time if time.is_time() => self.period(position, labels.period),
                _ => self.value(position, labels.value),
            };
        }
        self.group(key)
    }

    /// Returns the number of a value of the dimension at a position of the query.
    pub(super) fn value(&mut self, position: usize, text: &str) -> u32 {
        self.values.get_mut(position).map_or(0, |values| values.number_of(text))
    }

    /// Returns the number of the value of the time at a position of the query.
    pub(super) fn period(&mut self, position: usize, period: Period) -> u32 {
        match self.last_period {
            Some((last, number)) if last == period => return number,
            _ => {}
        }
        let number = if let Some(number) = self.periods.get(&period) {
            *number
        } else {
            let dimension = self.dimensions.get(position).copied();
            let number = self.value(position, &time_text(dimension, period, self.zone));
            self.periods.insert(period, number);
            number
        };
        self.last_period = Some((period, number));
        number
    }

    /// Returns the values of each group, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = Vec<Arc<str>>> {
        self.keys.iter().map(|key| {
            let values = self.values.iter().zip(key).take(self.dimensions.len());
            values.map(|(values, number)| values.text(*number)).collect()
        })
    }
}

impl Values {
    fn number_of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u32) -> Arc<str> {
        let text = usize::try_from(number).ok().and_then(|number| self.texts.get(number));
        text.cloned().unwrap_or_default()
    }
}

/// Returns the value of a time, as [`Dimension`] describes it.
fn time_text(dimension: Option<Dimension>, period: Period, zone: &SiteTimeZone) -> String {
    let day = || match period {
        Period::Hour(start) => zone.day_of(start),
        Period::Day(day) => day,
    };
    match dimension {
        Some(Dimension::Week) => date_of(day().monday()).to_string(),
        Some(Dimension::Month) => month_text(day()),
        Some(Dimension::Day) => date_of(day()).to_string(),
        _ => match period {
            Period::Hour(start) => hour_value(start),
            Period::Day(day) => hour_value(zone.day_start(day)),
        },
    }
}

fn month_text(day: Day) -> String {
    let mut text = date_of(day).to_string();
    text.truncate(text.len().saturating_sub("-dd".len()));
    text
}
