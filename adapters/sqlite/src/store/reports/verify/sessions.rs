use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use horizon_core::Day;
use horizon_core::reports::{Counts, Dimension, FirstDay, SessionRow};
use rusqlite::Result;

use super::Discrepancies;
use crate::sql::{Db, reports as sql};
use crate::store::reports::read;
use crate::store::reports::sessions::{next_day, sessions_of};
use crate::store::reports::site::StoredSite;

/// The numbers of the values of all dimensions on a day.
type Values = BTreeMap<(Dimension, Arc<str>), Counts>;

/// Compares the values of the dimensions with the visits of the site and, as long as they are kept, with the sessions.
pub(super) fn verify(db: Db<'_>, site: &StoredSite, discrepancies: &mut Discrepancies) -> Result<()> {
    let visits = site_visits(db)?;
    let mut days: BTreeSet<Day> = visits.keys().copied().collect();
    let mut next = Day::from_number(i64::MIN);
    while let Some(day) = next_day(db, next, Day::from_number(i64::MAX))? {
        days.insert(day);
        next = day.next();
    }
    for day in days {
        let stored = stored_values(db, day)?;
        let total = visits.get(&day).copied().unwrap_or(0);
        for dimension in Dimension::OF_SESSIONS {
            let of_dimension = stored.iter().filter(|((of, _), _)| *of == dimension);
            let parts = of_dimension
                .map(|(_, counts)| counts.visits)
                .fold(0, i64::saturating_add);
            discrepancies.compare(|| format!("visits by {dimension} on {}", FirstDay(day)), parts, total);
        }
        if site.first_session_day.is_none_or(|first| first <= day) {
            compare(day, count(&sessions_of(db, day)?), stored, discrepancies);
        }
    }
    Ok(())
}

/// Returns the sessions of each day in the buckets of the site.
fn site_visits(db: Db<'_>) -> Result<BTreeMap<Day, i64>> {
    let mut visits = BTreeMap::new();
    let key: Option<i64> = {
        let mut statement = db.prepare(sql::SITE_TOPIC)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()?
    };
    if let Some(key) = key {
        read::days(db, key, i64::MIN..i64::MAX, &mut |row| {
            visits.insert(row.day()?, row.counts()?.visits);
            Ok(())
        })?;
    }
    Ok(visits)
}

fn stored_values(db: Db<'_>, day: Day) -> Result<Values> {
    let mut values = Values::new();
    for dimension in Dimension::OF_SESSIONS {
        read::dimension_days(
            db,
            dimension,
            day.number()..day.next().number(),
            &mut |_, value, counts| {
                values.insert((dimension, value.into()), *counts);
            },
        )?;
    }
    Ok(values)
}

/// Counts the sessions of a day.
fn count(sessions: &[SessionRow]) -> Values {
    let (mut values, mut visitors) = (Values::new(), HashSet::new());
    for session in sessions {
        let mut counts = Counts::default();
        counts.pageviews = session.pageviews.into();
        counts.visits = 1;
        counts.keyed_visits = session.visitor.is_some().into();
        counts.seconds = session.seconds.into();
        counts.bounces = session.is_bounce().into();
        counts.duration = i64::try_from(session.duration()).unwrap_or(i64::MAX);
        for key in Dimension::OF_SESSIONS.into_iter().zip(session.values.iter().cloned()) {
            let visitor = session.visitor.filter(|_| session.pageviews > 0);
            let is_new = visitor.is_some_and(|visitor| visitors.insert((visitor, key.clone())));
            counts.visitors = is_new.into();
            *values.entry(key).or_default() += counts;
        }
    }
    values
}

fn compare(day: Day, mut counted: Values, stored: Values, discrepancies: &mut Discrepancies) {
    for key in stored.keys() {
        counted.entry(key.clone()).or_default();
    }
    for (key, parts) in counted {
        let total = stored.get(&key).copied().unwrap_or_default();
        let (dimension, value) = key;
        let what = format!("{dimension} {value:?} on {}", FirstDay(day));
        discrepancies.compare_counts(&what, &parts, &total, |_| true);
    }
}
