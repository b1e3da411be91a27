//! Compares the totals with the buckets, and the buckets with the sessions.

mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use horizon_core::Day;
use horizon_core::reports::{BucketChange, Counts, Discrepancy, FirstDay};
use rusqlite::Result;

use super::read::{self, BucketRow};
use super::site::{SiteZone, StoredSite};
use crate::sql::{Db, reports as sql};

/// The maximum number of discrepancies that are returned. The rest are counted in the last one.
const MAX_DISCREPANCIES: usize = 1_000;

/// What differs so far.
#[derive(Default)]
struct Discrepancies {
    found: Vec<Discrepancy>,
    more: i64,
}

/// The position of [`Counts::visitors`], which do not add up.
const VISITORS: usize = 3;

/// Returns what differs, at most [`MAX_DISCREPANCIES`] and a line for the rest.
pub(super) fn verify(db: Db<'_>, zone: &SiteZone) -> Result<Vec<Discrepancy>> {
    let site = StoredSite::read(db, zone)?;
    let mut discrepancies = Discrepancies::default();
    for (key, name) in read::topics(db)? {
        Topic { db, key, name: &name }.verify(&site, &mut discrepancies)?;
    }
    sessions::verify(db, &site, &mut discrepancies)?;
    Ok(discrepancies.finish())
}

impl Discrepancies {
    fn compare(&mut self, what: impl FnOnce() -> String, parts: i64, total: i64) {
        let Some(discrepancy) = Discrepancy::between(what, parts, total) else {
            return;
        };
        if self.found.len() < MAX_DISCREPANCIES {
            self.found.push(discrepancy);
        } else {
            self.more += 1;
        }
    }

    /// Compares the numbers that are selected by their position.
    fn compare_counts(&mut self, what: &str, parts: &Counts, total: &Counts, is_compared: impl Fn(usize) -> bool) {
        let numbers = parts.to_array().into_iter().zip(total.to_array());
        for (index, (name, (parts, total))) in Counts::NAMES.iter().zip(numbers).enumerate() {
            if is_compared(index) {
                self.compare(|| format!("{name} of {what}"), parts, total);
            }
        }
    }

    fn finish(mut self) -> Vec<Discrepancy> {
        let more = self.more;
        let rest = Discrepancy::between(|| "further discrepancies".into(), more, 0);
        self.found.extend(rest);
        self.found
    }
}

/// A topic that is verified.
struct Topic<'a> {
    db: Db<'a>,
    key: i64,
    name: &'a str,
}

impl Topic<'_> {
    fn verify(&self, site: &StoredSite, discrepancies: &mut Discrepancies) -> Result<()> {
        let zone = site.state.time_zone();
        let mut days: BTreeMap<Day, BucketChange> = BTreeMap::new();
        let mut sum = Counts::default();
        read::hours(self.db, self.key, i64::MIN..i64::MAX, &mut |row: BucketRow<'_>| {
            let (counts, day) = (row.counts()?, zone.day_of(row.hour()?));
            sum += counts;
            let day = days.entry(day).or_default();
            day.counts += counts;
            day.reading_times.merge(&row.reading_times()?);
            Ok(())
        })?;
        self.verify_totals(&sum, discrepancies)?;
        self.verify_days(days, discrepancies)?;
        self.verify_events(discrepancies)
    }

    fn verify_totals(&self, hours: &Counts, discrepancies: &mut Discrepancies) -> Result<()> {
        let (name, numbers) = (self.name, self.totals()?);
        let [visits, likes, comments, undated_visits, undated_likes, undated_comments] = numbers;
        for (what, dated, undated, total) in [
            ("visits", hours.visits, undated_visits, visits),
            ("likes", hours.likes, undated_likes, likes),
            ("comments", hours.comments, undated_comments, comments),
        ] {
            discrepancies.compare(|| format!("{what} of {name}"), undated.saturating_add(dated), total);
        }
        Ok(())
    }

    fn totals(&self) -> Result<[i64; 6]> {
        let mut statement = self.db.prepare(sql::UNDATED)?;
        statement.query_row([self.key], |row| {
            let mut numbers = [0; 6];
            for (index, number) in numbers.iter_mut().enumerate() {
                *number = row.get(index)?;
            }
            Ok(numbers)
        })
    }

    /// Compares the days with the hours, and the histograms with the visits that they count.
    fn verify_days(&self, mut hours: BTreeMap<Day, BucketChange>, discrepancies: &mut Discrepancies) -> Result<()> {
        let mut days: BTreeMap<Day, BucketChange> = BTreeMap::new();
        read::days(self.db, self.key, i64::MIN..i64::MAX, &mut |row: BucketRow<'_>| {
            hours.entry(row.day()?).or_default();
            let day = days.entry(row.day()?).or_default();
            day.counts = row.counts()?;
            day.reading_times = row.reading_times()?;
            Ok(())
        })?;
        for (day, of_hours) in hours {
            let of_day = days.remove(&day).unwrap_or_default();
            let what = format!("{} on {}", self.name, FirstDay(day));
            discrepancies.compare_counts(&what, &of_hours.counts, &of_day.counts, |index| index != VISITORS);
            let bins = |change: &BucketChange| change.reading_times.bins().collect::<BTreeMap<u8, i64>>();
            let (of_hours, bins_of_day) = (bins(&of_hours), bins(&of_day));
            let all: BTreeSet<u8> = of_hours.keys().chain(bins_of_day.keys()).copied().collect();
            for bin in all {
                let number = |bins: &BTreeMap<u8, i64>| bins.get(&bin).copied().unwrap_or(0);
                let (parts, total) = (number(&of_hours), number(&bins_of_day));
                discrepancies.compare(|| format!("page visits in bin {bin} of {what}"), parts, total);
            }
            if self.name != "site" {
                let visits = bins_of_day.values().copied().fold(0, i64::saturating_add);
                discrepancies.compare(|| format!("bins of {what}"), visits, of_day.counts.keyed_visits);
            }
        }
        Ok(())
    }

    fn verify_events(&self, discrepancies: &mut Discrepancies) -> Result<()> {
        let mut dated: BTreeMap<String, i64> = BTreeMap::new();
        read::event_hours(self.db, self.key, i64::MIN..i64::MAX, &mut |_, name, count| {
            *dated.entry(name.to_owned()).or_default() += count;
        })?;
        let mut statement = self.db.prepare(sql::UNDATED_EVENTS)?;
        let totals = statement.query_map([self.key], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let mut totals = totals.collect::<Result<BTreeMap<String, (i64, i64)>>>()?;
        for name in dated.keys() {
            totals.entry(name.clone()).or_default();
        }
        for (event, (total, undated)) in totals {
            let parts = dated.get(&event).copied().unwrap_or(0).saturating_add(undated);
            discrepancies.compare(|| format!("events {event} of {}", self.name), parts, total);
        }
        Ok(())
    }
}
