use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use horizon_core::{
    Day,
    reports::{DayNumbers, Dimension},
};
use tokio_postgres::Row;

use crate::{
    columns::{self, DateColumn},
    connection::Transaction,
    error::DatabaseError,
    sql::apply as sql,
};

/// The kinds of numbers in the table `day_numbers`. After them come those of the dimensions.
pub(in crate::store) const SESSIONS: i16 = 0;
pub(in crate::store) const VISITORS: i16 = 1;
const FIRST_DIMENSION: i16 = 2;

/// What is stored of days.
#[derive(Default)]
pub(in crate::store) struct StoredDays(HashMap<Day, DayNumbers>);

impl StoredDays {
    pub(super) async fn read(transaction: &Transaction, days: BTreeSet<Day>) -> Result<Self, DatabaseError> {
        if days.is_empty() {
            return Ok(Self::default());
        }
        let dates: Vec<DateColumn> = days.iter().copied().map(DateColumn).collect();
        let rows = transaction.query(sql::DAY_NUMBERS, &[&dates]).await?;
        let mut stored: HashMap<Day, DayNumbers> = HashMap::new();
        for row in &rows {
            let DateColumn(day) = row.try_get("day")?;
            add(stored.entry(day).or_default(), row)?;
        }
        let numbers = |day| stored.get(&DateColumn(day).nearest().0).copied().unwrap_or_default();
        Ok(Self(days.into_iter().map(|day| (day, numbers(day))).collect()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Day, DayNumbers)> {
        self.0.iter().map(|(day, numbers)| (*day, *numbers))
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Returns the number of the day's next session.
    pub(in crate::store) fn next_session(&self, day: Day) -> u32 {
        self.0.get(&day).map_or(0, |numbers| numbers.sessions)
    }
}

fn add(numbers: &mut DayNumbers, row: &Row) -> Result<(), DatabaseError> {
    let next: i32 = row.try_get("next")?;
    let next = u32::try_from(next).map_err(|error| columns::invalid("next", error))?;
    match row.try_get("kind")? {
        SESSIONS => numbers.sessions = next,
        VISITORS => numbers.visitors = next,
        kind => {
            let index = usize::try_from(kind.saturating_sub(FIRST_DIMENSION)).ok();
            if let Some(values) = index.and_then(|index| numbers.values.get_mut(index)) {
                *values = next;
            }
        }
    }
    Ok(())
}

/// Returns whether each value is stored.
pub(super) async fn read_values(
    transaction: &Transaction,
    values: &[&(Dimension, Day, Arc<str>)],
) -> Result<Vec<bool>, DatabaseError> {
    let mut is_stored = vec![false; values.len()];
    if values.is_empty() {
        return Ok(is_stored);
    }
    let days: Vec<DateColumn> = values.iter().map(|(_, day, _)| DateColumn(*day)).collect();
    let dimensions: Vec<i16> = values
        .iter()
        .map(|(dimension, ..)| columns::dimension_code(*dimension))
        .collect();
    let texts: Vec<&str> = values.iter().map(|(.., value)| &**value).collect();
    for row in transaction.query(sql::VALUES, &[&days, &dimensions, &texts]).await? {
        if let Some(is_stored) = columns::ordinal_index(&row)?.and_then(|index| is_stored.get_mut(index)) {
            *is_stored = true;
        }
    }
    Ok(is_stored)
}
