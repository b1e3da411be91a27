/// The columns of [`Counts`](horizon_core::reports::Counts).
macro_rules! counts_columns {
    () => {
        "
        pageviews INTEGER NOT NULL,
        visits INTEGER NOT NULL,
        keyed_visits INTEGER NOT NULL,
        visitors INTEGER NOT NULL,
        seconds INTEGER NOT NULL,
        finished INTEGER NOT NULL,
        bounces INTEGER NOT NULL,
        duration INTEGER NOT NULL,
        likes INTEGER NOT NULL,
        comments INTEGER NOT NULL,"
    };
}

/// The steps of the schema, each from one version to the next. Never change a released step. Keep an index that a
/// released statement names: a process of an earlier version may still run it.
pub(super) const STEPS: &[&str] = &[
    "
    -- Which events were counted.
    CREATE TABLE counted (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX counted_at ON counted (at);

    -- The totals.
    CREATE TABLE topics (
        topic INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        visits INTEGER NOT NULL DEFAULT 0,
        likes INTEGER NOT NULL DEFAULT 0,
        comments INTEGER NOT NULL DEFAULT 0,
        comments_revision INTEGER NOT NULL DEFAULT 0,
        revision INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- When a visitor was last seen.
    CREATE TABLE visitors (
        topic INTEGER NOT NULL REFERENCES topics,
        visitor BLOB NOT NULL CHECK (length(visitor) = 16),
        at INTEGER NOT NULL,
        PRIMARY KEY (topic, visitor)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visitors_at ON visitors (at);

    -- Who likes what.
    CREATE TABLE likes (
        topic INTEGER NOT NULL REFERENCES topics,
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        PRIMARY KEY (topic, reader)
    ) STRICT, WITHOUT ROWID;

    -- seq is the order of arrival.
    CREATE TABLE comments (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
        slug TEXT NOT NULL,
        parent BLOB REFERENCES comments (id),
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        at INTEGER NOT NULL,
        visibility INTEGER NOT NULL CHECK (visibility IN (0, 1, 2))
    ) STRICT;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE parent IS NULL;
    CREATE INDEX comments_replies ON comments (parent, seq) WHERE parent IS NOT NULL;
    CREATE INDEX comments_newest ON comments (slug, visibility, seq);
    CREATE INDEX comments_desk ON comments (visibility, seq);

    CREATE TABLE salts (
        day INTEGER PRIMARY KEY,
        salt BLOB NOT NULL CHECK (length(salt) = 32)
    ) STRICT;
",
    "
    -- The last word of a reader and when it was said, so that an earlier one that comes late changes nothing.
    ALTER TABLE likes ADD COLUMN likes INTEGER NOT NULL DEFAULT 1 CHECK (likes IN (0, 1));
    ALTER TABLE likes ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE likes ADD COLUMN event BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' \
        CHECK (length(event) = 16);
    CREATE INDEX likes_taken_back ON likes (at) WHERE likes = 0;

    -- When the last verdict on a comment was given.
    CREATE TABLE verdicts (
        comment BLOB NOT NULL PRIMARY KEY CHECK (length(comment) = 16),
        at INTEGER NOT NULL,
        event BLOB NOT NULL CHECK (length(event) = 16)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Whether a thread shows: its head does, or a reply to it. Heads carry it. Triggers keep it, so that a process of
    -- the version before, which may still write to the file, keeps it too.
    ALTER TABLE comments ADD COLUMN shows INTEGER NOT NULL DEFAULT 0 CHECK (shows IN (0, 1));
    UPDATE comments SET shows = 1 WHERE parent IS NULL AND visibility = 1;
    UPDATE comments SET shows = 1 WHERE id IN
        (SELECT parent FROM comments WHERE parent IS NOT NULL AND visibility = 1);
    CREATE TRIGGER comments_add AFTER INSERT ON comments WHEN new.visibility = 1 BEGIN
        UPDATE comments SET shows = 1 WHERE id = coalesce(new.parent, new.id);
    END;
    CREATE TRIGGER comments_moderate AFTER UPDATE OF visibility ON comments BEGIN
        UPDATE comments SET shows = visibility = 1 OR EXISTS
            (SELECT 1 FROM comments AS reply WHERE reply.parent = comments.id AND reply.visibility = 1)
        WHERE id = coalesce(new.parent, new.id);
    END;

    -- Each query of comments has an index of which it reads only what it returns.
    DROP INDEX comments_threads;
    DROP INDEX comments_replies;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE shows = 1;
    CREATE INDEX comments_replies ON comments (parent, visibility, seq) WHERE parent IS NOT NULL;
",
    "
    -- How often each custom event happened. Topics without any are not looked up.
    ALTER TABLE topics ADD COLUMN event_names INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE custom_events (
        topic INTEGER NOT NULL REFERENCES topics,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (topic, name)
    ) STRICT, WITHOUT ROWID;

    -- What the application says about the author.
    ALTER TABLE comments ADD COLUMN badge TEXT;
",
    concat!(
        "
    -- What was counted before the store kept reports.
    ALTER TABLE topics ADD COLUMN undated_visits INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE topics ADD COLUMN undated_likes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE topics ADD COLUMN undated_comments INTEGER NOT NULL DEFAULT 0;
    UPDATE topics SET undated_visits = visits, undated_likes = likes, undated_comments = comments;
    ALTER TABLE custom_events ADD COLUMN undated INTEGER NOT NULL DEFAULT 0;
    UPDATE custom_events SET undated = count;
    ALTER TABLE likes ADD COLUMN is_dated INTEGER NOT NULL DEFAULT 0 CHECK (is_dated IN (0, 1));
    ALTER TABLE comments ADD COLUMN is_dated INTEGER NOT NULL DEFAULT 0 CHECK (is_dated IN (0, 1));

    -- The site: one row, from the first dated event on. The cutoff is the start of the first open day.
    CREATE TABLE site (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        time_zone TEXT NOT NULL,
        cutoff INTEGER NOT NULL,
        late_events INTEGER NOT NULL,
        first_session_day INTEGER
    ) STRICT;

    -- What is kept of a visitor until no event can change it. `last_day` is the day half an hour after the last event:
    -- the state is erased once this day is closed. `first_day` is the first day with a session of the state. Without a
    -- `state`, the visitor was last seen before the store kept reports. The states of visitors who are active at the
    -- same time are next to each other.
    CREATE TABLE visitor_states (
        id INTEGER PRIMARY KEY,
        topic INTEGER NOT NULL REFERENCES topics,
        visitor BLOB NOT NULL CHECK (length(visitor) = 16),
        last INTEGER NOT NULL,
        last_day INTEGER NOT NULL,
        first_day INTEGER,
        state BLOB
    ) STRICT;
    -- The time zone is not known yet, and no zone is more than a day ahead of UTC.
    INSERT INTO visitor_states (topic, visitor, last, last_day)
        SELECT topic, visitor, at, (at + 1800000) / 86400000 + 1 FROM visitors;
    -- A visitor has the same key on all topics.
    CREATE UNIQUE INDEX visitor_states_visitor ON visitor_states (visitor, topic);
    CREATE INDEX visitor_states_last_day ON visitor_states (last_day);
    CREATE INDEX visitor_states_first_day ON visitor_states (first_day) WHERE first_day IS NOT NULL;

    -- A process of an earlier version must not count past the reports. Every event that it applies is first added to
    -- `counted`, which fails with an error that ends in this name, also if the statement is prepared already. Drop the
    -- view in a step that renames or drops a column.
    DROP TABLE visitors;
    ALTER TABLE counted RENAME TO counted_events;
    CREATE VIEW counted AS SELECT id, at FROM
        \"the database has a newer version now: restart this process with the new program\";

    -- The numbers of an hour, by the second since 1970 at which it starts, and of a day of a topic.
    CREATE TABLE topic_hours (
        topic INTEGER NOT NULL REFERENCES topics,
        hour INTEGER NOT NULL,",
        counts_columns!(),
        "
        reading_times BLOB,
        PRIMARY KEY (topic, hour)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE topic_days (
        topic INTEGER NOT NULL REFERENCES topics,
        day INTEGER NOT NULL,",
        counts_columns!(),
        "
        reading_times BLOB,
        PRIMARY KEY (topic, day)
    ) STRICT, WITHOUT ROWID;

    -- The numbers of a day of a value of a dimension. Each row has one of the places of its dimension and day. A batch
    -- changes a value of each dimension: the day comes first, so that these rows are on few pages of the file.
    CREATE TABLE dimension_days (
        day INTEGER NOT NULL,
        dimension INTEGER NOT NULL,
        value TEXT NOT NULL,",
        counts_columns!(),
        "
        PRIMARY KEY (day, dimension, value)
    ) STRICT, WITHOUT ROWID;

    -- How often each custom event happened in an hour.
    CREATE TABLE event_hours (
        topic INTEGER NOT NULL REFERENCES topics,
        hour INTEGER NOT NULL,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (topic, hour, name)
    ) STRICT, WITHOUT ROWID;

    -- The next number of a session (kind 0) or visitor (1) of a day, and how many values a dimension has (2 and more).
    CREATE TABLE day_numbers (
        day INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;

    -- The sessions of open days, and those that are not packed yet: loose sessions. `visitor` is a number of the day.
    CREATE TABLE sessions (
        day INTEGER NOT NULL,
        number INTEGER NOT NULL,
        visitor INTEGER,
        session BLOB NOT NULL,
        PRIMARY KEY (day, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_visitor ON sessions (day, visitor);

    -- The sessions of closed days in columns, in parts. All sessions of a visitor on a day are loose or in one part.
    CREATE TABLE packed_sessions (
        id INTEGER PRIMARY KEY,
        day INTEGER NOT NULL,
        count INTEGER NOT NULL,
        sessions BLOB NOT NULL,
        pages BLOB NOT NULL
    ) STRICT;
    CREATE INDEX packed_sessions_day ON packed_sessions (day);
"
    ),
];
