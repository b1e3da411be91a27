use horizon_core::reports::{Dimension, NumberKind, ReportChanges, ReportLedger, ReportSite, StoredLike, VisitorState};
use horizon_core::{Day, EventId, ReaderId, Topic, VisitorKey};
use rusqlite::{OptionalExtension, Result};

use crate::sql::reports as sql;
use crate::store::{comments::id_bytes, ledger::SqlLedger};

impl ReportLedger for SqlLedger<'_> {
    fn site_state(&mut self) -> Result<ReportSite> {
        Ok(self.reports.site()?.state.clone())
    }

    fn visitor_state(&mut self, topic: &Topic, visitor: VisitorKey) -> Result<VisitorState> {
        let topic = self.topic_key(topic)?;
        self.reports.visitor(topic, visitor)
    }

    fn stored_like(&mut self, topic: &Topic, reader: ReaderId) -> Result<Option<StoredLike>> {
        let topic = self.topic_key(topic)?;
        self.find_like(topic, reader)
    }

    fn is_dated_comment(&mut self, id: EventId) -> Result<bool> {
        let mut statement = self.db.prepare(sql::COMMENT_IS_DATED)?;
        let found = statement.query_row([id_bytes(id)], |row| row.get(0)).optional()?;
        Ok(found.unwrap_or(false))
    }

    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool> {
        self.reports.claim_value(day, dimension, value)
    }

    fn next_number(&mut self, day: Day, kind: NumberKind) -> Result<u32> {
        self.reports.next_number(day, kind)
    }

    fn write_reports(&mut self, changes: ReportChanges) -> Result<()> {
        self.reports.set_site(&changes.site)?;
        for ((topic, hour), change) in &changes.hours {
            let topic = self.topic_key(topic)?;
            self.reports.add_to_hour(topic, *hour, change)?;
        }
        for ((topic, day), change) in &changes.days {
            let topic = self.topic_key(topic)?;
            self.reports.add_to_day(topic, *day, change)?;
        }
        for ((dimension, day, value), counts) in &changes.dimensions {
            self.reports.add_to_dimension(*dimension, *day, value, counts)?;
        }
        for ((topic, hour, name), count) in &changes.custom_events {
            let topic = self.topic_key(topic)?;
            self.reports.add_to_event_hour(topic, *hour, name, *count)?;
        }
        for (topic, counts) in &changes.undated {
            let topic = self.topic_key(topic)?;
            self.reports.add_undated(topic, counts)?;
        }
        for (topic, visitor, state) in &changes.visitors {
            let topic = self.topic_key(topic)?;
            self.reports.set_visitor(topic, *visitor, state)?;
        }
        for session in changes.removed_sessions {
            self.reports.remove_session(session)?;
        }
        for session in &changes.sessions {
            self.reports.set_session(session)?;
        }
        self.reports.write_numbers()
    }
}
