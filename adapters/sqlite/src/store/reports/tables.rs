use std::collections::HashMap;
use std::collections::hash_map::Entry;

use horizon_core::reports::{
    Counts, Dimension, MAX_VALUES, NumberKind, OTHER_VALUE, ReadingTimes, ReportSite, SessionId, SessionRow,
    SiteTimeZone, TopicCounts, VisitorState,
};
use horizon_core::{Day, Timestamp, VISIT_GAP, VisitorKey};
use rusqlite::{CachedStatement, OptionalExtension, Result, params};

use super::encoding::{Encoded, decode, encode};
use super::site::{self, SqlSite, SqlSiteZone};
use crate::sql::{Db, Sql, reports as sql};

/// The tables of the reports, within a transaction that writes.
pub(in crate::store) struct SqlReportTables<'a> {
    db: Db<'a>,
    zone: &'a SqlSiteZone,
    site: Option<SqlSite>,
    /// The stored rows of the states that were read, by topic and visitor.
    state_ids: HashMap<(i64, VisitorKey), i64>,
    /// The numbers of days that were read or changed.
    numbers: HashMap<(Day, i64), DayNumber>,
    /// The day that was found last, with its start and its end.
    last_day: Option<(Day, Timestamp, Timestamp)>,
    // The statements that visits need, looked up in the cache once.
    visitor_state: CachedStatement<'a>,
    add_visitor_state: CachedStatement<'a>,
    set_visitor_state: CachedStatement<'a>,
    set_session: CachedStatement<'a>,
    has_value: CachedStatement<'a>,
    add_to_dimension: CachedStatement<'a>,
    hours: BucketStatements<'a>,
    days: BucketStatements<'a>,
}

/// The next number of a day.
struct DayNumber {
    next: u32,
    is_changed: bool,
}

/// The statements of the hours or the days of topics.
struct BucketStatements<'a> {
    reading_times: CachedStatement<'a>,
    add: CachedStatement<'a>,
}

impl<'a> SqlReportTables<'a> {
    pub(in crate::store) fn new(db: Db<'a>, zone: &'a SqlSiteZone) -> Result<Self> {
        Ok(Self {
            db,
            zone,
            site: None,
            state_ids: HashMap::new(),
            numbers: HashMap::new(),
            last_day: None,
            visitor_state: db.prepare(sql::VISITOR_STATE)?,
            add_visitor_state: db.prepare(sql::ADD_VISITOR_STATE)?,
            set_visitor_state: db.prepare(sql::SET_VISITOR_STATE)?,
            set_session: db.prepare(sql::SET_SESSION)?,
            has_value: db.prepare(sql::HAS_VALUE)?,
            add_to_dimension: db.prepare(sql::ADD_TO_DIMENSION)?,
            hours: BucketStatements::new(db, sql::READING_TIMES_OF_HOUR, sql::ADD_TO_HOUR)?,
            days: BucketStatements::new(db, sql::READING_TIMES_OF_DAY, sql::ADD_TO_DAY)?,
        })
    }

    pub(super) fn site(&mut self) -> Result<&SqlSite> {
        let site = match self.site.take() {
            Some(site) => site,
            None => SqlSite::read(self.db, self.zone)?,
        };
        Ok(self.site.insert(site))
    }

    /// Stores the state of the site if it has changed.
    pub(super) fn set_site(&mut self, state: &ReportSite) -> Result<()> {
        if self.site()?.state == *state {
            return Ok(());
        }
        site::write(self.db, state)
    }

    pub(in crate::store) fn visitor(&mut self, topic: i64, visitor: VisitorKey) -> Result<VisitorState> {
        let found = self
            .visitor_state
            .query_row(params![topic, visitor.as_u128().to_be_bytes()], |row| {
                let (id, state) = (row.get(0)?, row.get_ref(2)?);
                if state == rusqlite::types::ValueRef::Null {
                    let last = Timestamp::from_millis(row.get(1)?);
                    return Ok((id, VisitorState::undated(last)));
                }
                Ok((id, decode(state)?))
            })
            .optional()?;
        Ok(found.map_or_else(VisitorState::default, |(id, state)| {
            self.state_ids.insert((topic, visitor), id);
            state
        }))
    }

    /// Stores the state of a visitor that was read before. Erases an empty one.
    pub(in crate::store) fn set_visitor(
        &mut self,
        topic: i64,
        visitor: VisitorKey,
        state: &VisitorState,
    ) -> Result<()> {
        let id = self.state_ids.get(&(topic, visitor)).copied();
        let Some(last) = state.last_seen() else {
            return match id {
                Some(id) => self.db.prepare(sql::REMOVE_VISITOR_STATE)?.execute([id]).map(drop),
                None => Ok(()),
            };
        };
        let (last_day, last) = (self.day_of(last.plus(VISIT_GAP))?.number(), last.as_millis());
        let first_day = state.session_days().min().map(Day::number);
        let bytes = encode(state)?;
        match id {
            Some(id) => {
                let params = params![id, last, last_day, first_day, bytes];
                self.set_visitor_state.execute(params)?;
            }
            None => {
                let visitor_bytes = visitor.as_u128().to_be_bytes();
                let params = params![topic, visitor_bytes, last, last_day, first_day, bytes];
                let id = self.add_visitor_state.insert(params)?;
                self.state_ids.insert((topic, visitor), id);
            }
        }
        Ok(())
    }

    fn day_of(&mut self, at: Timestamp) -> Result<Day> {
        if let Some((day, start, end)) = self.last_day
            && (start..end).contains(&at)
        {
            return Ok(day);
        }
        let zone: &SiteTimeZone = self.site()?.state.time_zone();
        let day = zone.day_of(at);
        self.last_day = Some((day, zone.day_start(day), zone.day_start(day.next())));
        Ok(day)
    }

    pub(super) fn next_number(&mut self, day: Day, kind: NumberKind) -> Result<u32> {
        let kind = match kind {
            NumberKind::Session => 0,
            NumberKind::Visitor => 1,
        };
        let number = self.number(day, kind)?;
        let next = number.next;
        number.next = next.saturating_add(1);
        number.is_changed = true;
        Ok(next)
    }

    fn number(&mut self, day: Day, kind: i64) -> Result<&mut DayNumber> {
        match self.numbers.entry((day, kind)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(vacant) => {
                let mut statement = self.db.prepare(sql::DAY_NUMBER)?;
                let next = statement.query_row([day.number(), kind], |row| row.get(0)).optional()?;
                Ok(vacant.insert(DayNumber {
                    next: next.unwrap_or(0),
                    is_changed: false,
                }))
            }
        }
    }

    pub(super) fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool> {
        let code = dimension_code(dimension)?;
        // The numbers of other values are added to this row, which does not use up a place.
        if value == OTHER_VALUE || self.has_value.exists(params![day.number(), code, value])? {
            return Ok(true);
        }
        let number = self.number(day, code.saturating_add(FIRST_DIMENSION_KIND))?;
        if usize::try_from(number.next).is_ok_and(|next| next >= MAX_VALUES) {
            return Ok(false);
        }
        number.next = number.next.saturating_add(1);
        number.is_changed = true;
        self.add_to_dimension(dimension, day, value, &Counts::default())?;
        Ok(true)
    }

    pub(super) fn add_to_dimension(
        &mut self,
        dimension: Dimension,
        day: Day,
        value: &str,
        counts: &Counts,
    ) -> Result<()> {
        let code = dimension_code(dimension)?;
        let statement = &mut self.add_to_dimension;
        bind_counts(statement, counts)?;
        statement.raw_bind_parameter(11, code)?;
        statement.raw_bind_parameter(12, day.number())?;
        statement.raw_bind_parameter(13, value)?;
        statement.raw_execute().map(drop)
    }

    pub(super) fn add_to_hour(&mut self, topic: i64, hour: Timestamp, change: &TopicCounts) -> Result<()> {
        self.hours.add(topic, hour_seconds(hour), change)
    }

    pub(super) fn add_to_day(&mut self, topic: i64, day: Day, change: &TopicCounts) -> Result<()> {
        self.days.add(topic, day.number(), change)
    }

    pub(super) fn add_to_event_hour(&self, topic: i64, hour: Timestamp, name: &str, count: i64) -> Result<()> {
        let mut statement = self.db.prepare(sql::ADD_TO_EVENT_HOUR)?;
        statement
            .execute(params![topic, hour_seconds(hour), name, count])
            .map(drop)
    }

    pub(super) fn add_undated(&self, topic: i64, counts: &Counts) -> Result<()> {
        let mut statement = self.db.prepare(sql::ADD_UNDATED)?;
        statement
            .execute([topic, counts.visits, counts.likes, counts.comments])
            .map(drop)
    }

    pub(super) fn remove_session(&self, id: SessionId) -> Result<()> {
        let mut statement = self.db.prepare(sql::REMOVE_SESSION)?;
        statement.execute([id.day.number(), id.number.into()]).map(drop)
    }

    /// Stores a session, unless those of its day are erased.
    pub(super) fn set_session(&mut self, session: &SessionRow) -> Result<()> {
        let day = session.id.day;
        if self.site()?.first_session_day.is_some_and(|first| day < first) {
            return Ok(());
        }
        let params = params![day.number(), session.id.number, session.visitor, encode(session)?];
        self.set_session.execute(params).map(drop)
    }

    /// Stores the numbers of days that have changed.
    pub(super) fn write_numbers(&mut self) -> Result<()> {
        for ((day, kind), number) in self.numbers.iter_mut().filter(|(_, number)| number.is_changed) {
            let mut statement = self.db.prepare(sql::SET_DAY_NUMBER)?;
            statement.execute([day.number(), *kind, number.next.into()])?;
            number.is_changed = false;
        }
        Ok(())
    }
}

impl<'a> BucketStatements<'a> {
    fn new(db: Db<'a>, reading_times: Sql, add: Sql) -> Result<Self> {
        Ok(Self {
            reading_times: db.prepare(reading_times)?,
            add: db.prepare(add)?,
        })
    }

    fn add(&mut self, topic: i64, period: i64, change: &TopicCounts) -> Result<()> {
        let is_changed = !change.reading_times.is_empty();
        let times = if is_changed {
            self.merged(topic, period, &change.reading_times)?
        } else {
            None
        };
        bind_counts(&mut self.add, &change.counts)?;
        self.add.raw_bind_parameter(11, topic)?;
        self.add.raw_bind_parameter(12, period)?;
        self.add.raw_bind_parameter(13, times)?;
        self.add.raw_bind_parameter(14, is_changed)?;
        self.add.raw_execute().map(drop)
    }

    /// Returns the stored histogram with the change, or `None` if it is empty.
    fn merged(&mut self, topic: i64, period: i64, change: &ReadingTimes) -> Result<Option<Vec<u8>>> {
        let stored = self
            .reading_times
            .query_row([topic, period], |row| read_times(row.get_ref(0)?));
        let mut times: ReadingTimes = stored.optional()?.unwrap_or_default();
        times.merge(change);
        (!times.is_empty()).then(|| encode(&times)).transpose()
    }
}

/// The kind of the first dimension in `day_numbers`, after those of [`NumberKind`].
const FIRST_DIMENSION_KIND: i64 = 2;

/// Returns the number of a dimension in the file: its position in [`Dimension::OF_SESSIONS`], which never changes.
pub(super) fn dimension_code(dimension: Dimension) -> Result<i64> {
    let code = dimension.session_index().and_then(|index| i64::try_from(index).ok());
    code.ok_or_else(|| rusqlite::Error::InvalidParameterName(dimension.name().into()))
}

/// Returns the start of an hour as the file has it: in seconds.
pub(super) const fn hour_seconds(hour: Timestamp) -> i64 {
    hour.as_millis().div_euclid(1_000)
}

/// Returns the start of a stored hour.
pub(super) const fn hour_of_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1_000))
}

/// Reads a histogram as `T`: [`ReadingTimes`] or [`ReadingTimeBins`](super::encoding::ReadingTimeBins).
pub(super) fn read_times<T: Encoded + Default>(value: rusqlite::types::ValueRef<'_>) -> Result<T> {
    match value {
        rusqlite::types::ValueRef::Null => Ok(T::default()),
        bytes => decode(bytes),
    }
}

fn bind_counts(statement: &mut CachedStatement<'_>, counts: &Counts) -> Result<()> {
    for (index, number) in (1..).zip(counts.to_array()) {
        statement.raw_bind_parameter(index, number)?;
    }
    Ok(())
}
