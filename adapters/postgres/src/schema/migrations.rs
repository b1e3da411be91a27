/// The columns of [`Counts`](horizon_core::reports::Counts).
macro_rules! counts_columns {
    () => {
        "
        pageviews bigint NOT NULL,
        visits bigint NOT NULL,
        keyed_visits bigint NOT NULL,
        visitors bigint NOT NULL,
        seconds bigint NOT NULL,
        finished bigint NOT NULL,
        bounces bigint NOT NULL,
        duration bigint NOT NULL,
        likes bigint NOT NULL,
        comments bigint NOT NULL,"
    };
}

/// The steps of the schema, each from one version to the next. Never change a released step.
///
/// Ids of 16 bytes are of the type `uuid`. Times are milliseconds since 1970, unless they are of the type
/// `timestamptz`. Tables whose rows change with every batch leave room in their pages (`fillfactor`), so that an update
/// stays in its page and no index changes.
pub(super) const STEPS: &[&str] = &[concat!(
    "
    -- The site: one row. The cutoff is the start of the first open day, and unknown before the first event.
    CREATE TABLE site (
        id smallint PRIMARY KEY CHECK (id = 1),
        identity uuid NOT NULL DEFAULT gen_random_uuid(),
        time_zone text NOT NULL DEFAULT '',
        cutoff bigint,
        late_events bigint NOT NULL DEFAULT 0,
        first_session_day date,
        last_check timestamptz
    ) WITH (fillfactor = 10);
    INSERT INTO site (id) VALUES (1);

    -- Secrets that all processes share, and the salts of the visitor keys.
    CREATE TABLE secrets (
        name text COLLATE \"C\" PRIMARY KEY,
        value bytea NOT NULL
    );
    -- PostgreSQL removes an erased salt from the table within minutes, not only after 50 of them.
    CREATE TABLE salts (
        day date PRIMARY KEY,
        salt bytea NOT NULL CHECK (length(salt) = 32)
    ) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

    -- The totals of the site, which is topic 0, and of the pages. A topic never gets another number.
    CREATE TABLE topics (
        topic integer PRIMARY KEY,
        name text COLLATE \"C\" NOT NULL UNIQUE,
        visits bigint NOT NULL,
        likes bigint NOT NULL,
        comments bigint NOT NULL,
        comments_revision bigint NOT NULL,
        revision bigint NOT NULL
    ) WITH (fillfactor = 50);
    INSERT INTO topics VALUES (0, 'site', 0, 0, 0, 0, 0);
    CREATE TABLE custom_events (
        topic integer NOT NULL REFERENCES topics,
        name text COLLATE \"C\" NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (topic, name)
    ) WITH (fillfactor = 50);

    -- Which events were counted. Rows are erased by their time: the one in the id (a UUID of version 7), or `at` if the
    -- event is of another time than its id.
    CREATE TABLE event_ids (
        id uuid PRIMARY KEY,
        at bigint
    );
    CREATE INDEX event_ids_at ON event_ids (at) WHERE at IS NOT NULL;

    -- What is kept of a visitor until no event can change it. `last_day` is the day half an hour after the last event:
    -- the state is erased once this day is closed. `first_day` is the first day with a session of the state.
    CREATE TABLE visitor_states (
        visitor uuid NOT NULL,
        topic integer NOT NULL,
        last_day date NOT NULL,
        first_day date,
        state bytea NOT NULL,
        PRIMARY KEY (visitor, topic)
    ) WITH (fillfactor = 70);
    CREATE INDEX visitor_states_last_day ON visitor_states (last_day);
    CREATE INDEX visitor_states_first_day ON visitor_states (first_day) WHERE first_day IS NOT NULL;

    -- The latest like or unlike of each reader. An unlike is kept while an earlier like may still arrive. A foreign key
    -- would double what a new like costs.
    CREATE TABLE likes (
        topic integer NOT NULL,
        reader uuid NOT NULL,
        is_liked boolean NOT NULL,
        at bigint NOT NULL,
        event uuid NOT NULL,
        PRIMARY KEY (topic, reader)
    );
    CREATE INDEX likes_taken_back ON likes (at) WHERE NOT is_liked;

    -- `seq` is the order of arrival. `is_thread_shown`, of the first comment of a thread, says whether it or a reply to
    -- it is shown.
    CREATE TABLE comments (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        slug text COLLATE \"C\" NOT NULL,
        parent uuid REFERENCES comments (id),
        reader uuid NOT NULL,
        author text NOT NULL,
        badge text,
        body text NOT NULL,
        at bigint NOT NULL,
        visibility smallint NOT NULL CHECK (visibility IN (0, 1, 2)),
        is_thread_shown boolean NOT NULL DEFAULT false
    );
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE is_thread_shown;
    CREATE INDEX comments_replies ON comments (parent, visibility, seq) WHERE parent IS NOT NULL;
    CREATE INDEX comments_newest ON comments (slug, visibility, seq);
    CREATE INDEX comments_desk ON comments (visibility, seq);
    CREATE TABLE verdicts (
        comment uuid PRIMARY KEY,
        at bigint NOT NULL,
        event uuid NOT NULL
    );

    -- The numbers of a topic in an hour, and on a day of the site's time zone.
    CREATE TABLE topic_hours (
        topic integer NOT NULL REFERENCES topics,
        hour timestamptz NOT NULL,",
    counts_columns!(),
    "
        PRIMARY KEY (topic, hour)
    ) WITH (fillfactor = 50);
    CREATE TABLE topic_days (
        topic integer NOT NULL REFERENCES topics,
        day date NOT NULL,",
    counts_columns!(),
    "
        PRIMARY KEY (topic, day)
    ) WITH (fillfactor = 50);
    CREATE INDEX topic_days_day ON topic_days (day);

    -- The page visits of an hour or day by how long they took: bin 0 is 0 seconds, bin k from 1.1^(k-1) to 1.1^k.
    -- Topic 0 has the sums of all pages.
    CREATE TABLE reading_time_hours (
        topic integer NOT NULL REFERENCES topics,
        hour timestamptz NOT NULL,
        bin smallint NOT NULL,
        visits bigint NOT NULL,
        PRIMARY KEY (topic, hour, bin)
    ) WITH (fillfactor = 50);
    CREATE TABLE reading_time_days (
        topic integer NOT NULL REFERENCES topics,
        day date NOT NULL,
        bin smallint NOT NULL,
        visits bigint NOT NULL,
        PRIMARY KEY (topic, day, bin)
    ) WITH (fillfactor = 50);
    CREATE INDEX reading_time_days_day ON reading_time_days (day);

    -- The numbers of a value of a dimension on a day.
    CREATE TABLE dimension_days (
        dimension smallint NOT NULL,
        day date NOT NULL,
        value text COLLATE \"C\" NOT NULL,",
    counts_columns!(),
    "
        PRIMARY KEY (dimension, day, value)
    ) WITH (fillfactor = 50);

    -- How often each custom event happened in an hour.
    CREATE TABLE event_hours (
        topic integer NOT NULL REFERENCES topics,
        hour timestamptz NOT NULL,
        name text COLLATE \"C\" NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (topic, hour, name)
    ) WITH (fillfactor = 50);
    CREATE INDEX event_hours_hour ON event_hours (hour);

    -- The next number of a session (kind 0) or visitor (1) of a day, and how many values a dimension has on it (2 and
    -- more).
    CREATE TABLE day_numbers (
        day date NOT NULL,
        kind smallint NOT NULL,
        next integer NOT NULL,
        PRIMARY KEY (day, kind)
    ) WITH (fillfactor = 50);

    -- The sessions of open days, and those that are not packed yet. `visitor` is a number of the day.
    CREATE TABLE sessions (
        day date NOT NULL,
        number integer NOT NULL,
        visitor integer,
        session bytea NOT NULL,
        PRIMARY KEY (day, number)
    ) WITH (fillfactor = 70);
    CREATE INDEX sessions_visitor ON sessions (day, visitor);

    -- The sessions of closed days in columns, in parts. All sessions of a visitor on a day are in `sessions` or in one
    -- part.
    CREATE TABLE packed_sessions (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        day date NOT NULL,
        count integer NOT NULL,
        sessions bytea NOT NULL,
        pages bytea NOT NULL
    );
    ALTER TABLE packed_sessions ALTER sessions SET STORAGE EXTERNAL, ALTER pages SET STORAGE EXTERNAL;
    CREATE INDEX packed_sessions_day ON packed_sessions (day);
",
    include_str!("views.sql"),
    include_str!("comments.sql"),
)];
