//! The log lines of a migration. The test has its own process: `tracing` caches for all threads whether one thread's
//! subscriber is interested in a line.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::fmt;
use std::sync::{Arc, Mutex};

use horizon_sqlite::SqliteStore;
use rusqlite::Connection;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const BACK_TO_4: &str = include_str!("back_to_4.sql");

/// Reverts the steps from version 2 to 4.
const BACK_TO_2: &str = "
    DROP TABLE custom_events;
    ALTER TABLE topics DROP COLUMN event_names;
    ALTER TABLE comments DROP COLUMN badge;
    DROP TRIGGER comments_add;
    DROP TRIGGER comments_moderate;
    DROP INDEX comments_threads;
    DROP INDEX comments_replies;
    ALTER TABLE comments DROP COLUMN shows;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE parent IS NULL;
    CREATE INDEX comments_replies ON comments (parent, seq) WHERE parent IS NOT NULL;
    PRAGMA user_version = 2";

/// Collects the messages of the log.
#[derive(Clone, Default)]
struct LogCapture(Arc<Mutex<Vec<String>>>);

impl Visit for LogCapture {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl Subscriber for LogCapture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("horizon_sqlite")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_migration_logs_its_start_and_end_and_a_new_database_logs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    let log = LogCapture::default();
    tracing::subscriber::with_default(log.clone(), || {
        drop(SqliteStore::open(&path).unwrap());
        assert_eq!(log.0.lock().unwrap().len(), 0);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(BACK_TO_4).unwrap();
        db.execute_batch(BACK_TO_2).unwrap();
        drop(db);
        drop(SqliteStore::open(&path).unwrap());
    });
    let lines = log.0.lock().unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("bringing the database from version 2 to 5"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("the database has version 5 now"), "{lines:?}");
}
