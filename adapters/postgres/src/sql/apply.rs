//! What `apply` reads and writes.
//!
//! Lists of keys are arrays in the order of the index, so that adjacent keys are in the same pages of it.
//! Nothing is joined with a table in a way that lets the planner begin with the table: it would do so if the table was
//! small when it made the plan, and keep the plan while the table grows. `OFFSET 0` fixes the order of a join.

/// The columns of [`Counts`](horizon_core::reports::Counts), in the order of its array.
macro_rules! counts {
    () => {
        "pageviews, visits, keyed_visits, visitors, seconds, finished, bounces, duration, likes, comments"
    };
}

/// The assignments that add to the counts of a table.
macro_rules! add_counts {
    ($table:literal) => {
        concat!(
            " DO UPDATE SET pageviews = ",
            $table,
            ".pageviews + excluded.pageviews,
                visits = ",
            $table,
            ".visits + excluded.visits,
                keyed_visits = ",
            $table,
            ".keyed_visits + excluded.keyed_visits,
                visitors = ",
            $table,
            ".visitors + excluded.visitors,
                seconds = ",
            $table,
            ".seconds + excluded.seconds,
                finished = ",
            $table,
            ".finished + excluded.finished,
                bounces = ",
            $table,
            ".bounces + excluded.bounces,
                duration = ",
            $table,
            ".duration + excluded.duration,
                likes = ",
            $table,
            ".likes + excluded.likes,
                comments = ",
            $table,
            ".comments + excluded.comments"
        )
    };
}

/// The arrays of counts, after the given number of parameters with keys.
macro_rules! counts_arrays {
    (after 2) => {
        "$3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::bigint[], $12::bigint[]"
    };
    (after 3) => {
        "$4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
            $11::bigint[], $12::bigint[], $13::bigint[]"
    };
}

/// The numbers of the topics whose names are in `$1`, -1 for an unknown one.
macro_rules! topics {
    () => {
        "ARRAY(SELECT coalesce((SELECT topic FROM topics WHERE topics.name = names.name), -1)
            FROM unnest($1::text[]) WITH ORDINALITY AS names (name, ordinal) ORDER BY ordinal)"
    };
}

statements! {
    /// The highest number of a topic.
    LAST_TOPIC() = "SELECT topic FROM topics WHERE topic > 0 ORDER BY topic DESC LIMIT 1";

    /// The stored ones of these ids.
    EVENT_IDS(UUID_ARRAY) = "SELECT id FROM event_ids WHERE id = ANY($1)";

    /// The states of visitors, with the positions of their keys. `$3` are positions in the list of topics.
    VISITOR_STATES(TEXT_ARRAY, UUID_ARRAY, INT4_ARRAY) = concat!(
        "SELECT key.ordinal, stored.state
            FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS key (visitor, topic, ordinal),
                LATERAL (SELECT state FROM visitor_states
                    WHERE visitor = key.visitor AND topic = (", topics!(), ")[key.topic] OFFSET 0) AS stored"
    );

    /// The likes and unlikes, with the positions of their keys. `$2` are positions in the list of topics.
    LIKES(TEXT_ARRAY, INT4_ARRAY, UUID_ARRAY) = concat!(
        "SELECT key.ordinal, stored.is_liked, stored.at, stored.event
            FROM unnest($2::integer[], $3::uuid[]) WITH ORDINALITY AS key (topic, reader, ordinal),
                LATERAL (SELECT is_liked, at, event FROM likes
                    WHERE topic = (", topics!(), ")[key.topic] AND reader = key.reader OFFSET 0) AS stored"
    );

    COMMENTS(UUID_ARRAY) = "SELECT id, slug, parent, reader, author, badge, body, at, visibility FROM comments
        WHERE id = ANY($1)";

    VERDICTS(UUID_ARRAY) = "SELECT comment, at, event FROM verdicts WHERE comment = ANY($1)";

    DAY_NUMBERS(DATE_ARRAY) = "SELECT day, kind, next FROM day_numbers WHERE day = ANY($1)";

    /// The positions of the values that are stored.
    VALUES(DATE_ARRAY, INT2_ARRAY, TEXT_ARRAY) = "SELECT key.ordinal
        FROM unnest($1::date[], $2::smallint[], $3::text[]) WITH ORDINALITY AS key (day, dimension, value, ordinal),
            LATERAL (SELECT FROM dimension_days
                WHERE day = key.day AND dimension = key.dimension AND value = key.value OFFSET 0) AS stored";

    SET_TOTALS(INT4_ARRAY, TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) =
        "INSERT INTO topics (topic, name, visits, likes, comments, comments_revision, revision)
            SELECT * FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bigint[])
            ON CONFLICT (topic) DO UPDATE SET visits = excluded.visits, likes = excluded.likes,
                comments = excluded.comments, comments_revision = excluded.comments_revision,
                revision = excluded.revision";

    SET_CUSTOM_EVENTS(INT4_ARRAY, TEXT_ARRAY, INT8_ARRAY) = "INSERT INTO custom_events (topic, name, count)
        SELECT * FROM unnest($1::integer[], $2::text[], $3::bigint[])
        ON CONFLICT (topic, name) DO UPDATE SET count = excluded.count";

    ADD_EVENT_IDS(UUID_ARRAY, INT8_ARRAY) = "INSERT INTO event_ids (id, at)
        SELECT * FROM unnest($1::uuid[], $2::bigint[])";

    ADD_VISITOR_STATES(UUID_ARRAY, INT4_ARRAY, DATE_ARRAY, DATE_ARRAY, BYTEA_ARRAY) =
        "INSERT INTO visitor_states (visitor, topic, last_day, first_day, state)
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::date[], $4::date[], $5::bytea[])";

    SET_VISITOR_STATES(UUID_ARRAY, INT4_ARRAY, DATE_ARRAY, DATE_ARRAY, BYTEA_ARRAY) =
        "INSERT INTO visitor_states (visitor, topic, last_day, first_day, state)
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::date[], $4::date[], $5::bytea[])
            ON CONFLICT (visitor, topic) DO UPDATE
                SET last_day = excluded.last_day, first_day = excluded.first_day, state = excluded.state";

    REMOVE_VISITOR_STATES(UUID_ARRAY, INT4_ARRAY) = "DELETE FROM visitor_states WHERE ctid = ANY(ARRAY(
        SELECT stored.ctid FROM unnest($1::uuid[], $2::integer[]) AS removed (visitor, topic),
            LATERAL (SELECT ctid FROM visitor_states
                WHERE visitor = removed.visitor AND topic = removed.topic OFFSET 0) AS stored))";

    ADD_LIKES(INT4_ARRAY, UUID_ARRAY, BOOL_ARRAY, INT8_ARRAY, UUID_ARRAY) =
        "INSERT INTO likes (topic, reader, is_liked, at, event)
            SELECT * FROM unnest($1::integer[], $2::uuid[], $3::boolean[], $4::bigint[], $5::uuid[])";

    SET_LIKES(INT4_ARRAY, UUID_ARRAY, BOOL_ARRAY, INT8_ARRAY, UUID_ARRAY) =
        "INSERT INTO likes (topic, reader, is_liked, at, event)
            SELECT * FROM unnest($1::integer[], $2::uuid[], $3::boolean[], $4::bigint[], $5::uuid[])
            ON CONFLICT (topic, reader) DO UPDATE
                SET is_liked = excluded.is_liked, at = excluded.at, event = excluded.event";

    /// Keeps the order of the arrays, which is the order of arrival.
    ADD_COMMENTS(UUID_ARRAY, TEXT_ARRAY, UUID_ARRAY, UUID_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8_ARRAY,
            INT2_ARRAY) =
        "INSERT INTO comments (id, slug, parent, reader, author, badge, body, at, visibility)
            SELECT id, slug, parent, reader, author, badge, body, at, visibility
            FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                    $8::bigint[], $9::smallint[])
                WITH ORDINALITY AS new (id, slug, parent, reader, author, badge, body, at, visibility, ordinal)
            ORDER BY ordinal";

    SET_VISIBILITIES(UUID_ARRAY, INT2_ARRAY) = "UPDATE comments
        SET visibility = ($2::smallint[])[array_position($1::uuid[], id)]
        WHERE id = ANY($1) AND visibility <> ($2::smallint[])[array_position($1::uuid[], id)]";

    SET_VERDICTS(UUID_ARRAY, INT8_ARRAY, UUID_ARRAY) = "INSERT INTO verdicts (comment, at, event)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[])
        ON CONFLICT (comment) DO UPDATE SET at = excluded.at, event = excluded.event";

    /// Updates the threads with these first comments. Runs after the statement that sets the visibilities.
    SET_THREADS_SHOWN(UUID_ARRAY) = "UPDATE comments AS head
        SET is_thread_shown = NOT head.is_thread_shown
        WHERE head.id = ANY($1) AND head.is_thread_shown <> (head.visibility = 1
            OR EXISTS (SELECT FROM comments AS reply WHERE reply.parent = head.id AND reply.visibility = 1))";

    ADD_TO_HOURS(INT4_ARRAY, TIMESTAMPTZ_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY,
            INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) = concat!(
        "INSERT INTO topic_hours (topic, hour, ", counts!(), ")
            SELECT * FROM unnest($1::integer[], $2::timestamptz[], ", counts_arrays!(after 2), ")
            ON CONFLICT (topic, hour)", add_counts!("topic_hours")
    );

    ADD_TO_DAYS(INT4_ARRAY, DATE_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY,
            INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) = concat!(
        "INSERT INTO topic_days (topic, day, ", counts!(), ")
            SELECT * FROM unnest($1::integer[], $2::date[], ", counts_arrays!(after 2), ")
            ON CONFLICT (topic, day)", add_counts!("topic_days")
    );

    ADD_READING_TIMES_TO_HOURS(INT4_ARRAY, TIMESTAMPTZ_ARRAY, INT2_ARRAY, INT8_ARRAY) =
        "INSERT INTO reading_time_hours (topic, hour, bin, visits)
            SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::smallint[], $4::bigint[])
            ON CONFLICT (topic, hour, bin) DO UPDATE SET visits = reading_time_hours.visits + excluded.visits";

    ADD_READING_TIMES_TO_DAYS(INT4_ARRAY, DATE_ARRAY, INT2_ARRAY, INT8_ARRAY) =
        "INSERT INTO reading_time_days (topic, day, bin, visits)
            SELECT * FROM unnest($1::integer[], $2::date[], $3::smallint[], $4::bigint[])
            ON CONFLICT (topic, day, bin) DO UPDATE SET visits = reading_time_days.visits + excluded.visits";

    /// Adds to the numbers of values, and counts the new values in `day_numbers`, where the kinds of dimensions start
    /// at 2. A new row has `xmax` 0. An update locks the row first, which sets it.
    ADD_TO_DIMENSIONS(INT2_ARRAY, DATE_ARRAY, TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY,
            INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) = concat!(
        "WITH written AS (
            INSERT INTO dimension_days (dimension, day, value, ", counts!(), ")
            SELECT * FROM unnest($1::smallint[], $2::date[], $3::text[], ", counts_arrays!(after 3), ")
            ON CONFLICT (dimension, day, value)", add_counts!("dimension_days"), "
            RETURNING dimension, day, value, xmax = 0 AS is_new
        )
        INSERT INTO day_numbers (day, kind, next)
            SELECT day, dimension + 2, count(*) FROM written WHERE is_new AND value <> '(other)'
            GROUP BY day, dimension ORDER BY day, dimension
            ON CONFLICT (day, kind) DO UPDATE SET next = day_numbers.next + excluded.next"
    );

    ADD_TO_EVENT_HOURS(INT4_ARRAY, TIMESTAMPTZ_ARRAY, TEXT_ARRAY, INT8_ARRAY) =
        "INSERT INTO event_hours (topic, hour, name, count)
            SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::text[], $4::bigint[])
            ON CONFLICT (topic, hour, name) DO UPDATE SET count = event_hours.count + excluded.count";

    SET_DAY_NUMBERS(DATE_ARRAY, INT2_ARRAY, INT4_ARRAY) = "INSERT INTO day_numbers (day, kind, next)
        SELECT * FROM unnest($1::date[], $2::smallint[], $3::integer[])
        ON CONFLICT (day, kind) DO UPDATE SET next = excluded.next";

    REMOVE_SESSIONS(DATE_ARRAY, INT4_ARRAY) = "DELETE FROM sessions WHERE ctid = ANY(ARRAY(
        SELECT stored.ctid FROM unnest($1::date[], $2::integer[]) AS removed (day, number),
            LATERAL (SELECT ctid FROM sessions
                WHERE day = removed.day AND number = removed.number OFFSET 0) AS stored))";

    ADD_SESSIONS(DATE_ARRAY, INT4_ARRAY, INT4_ARRAY, BYTEA_ARRAY) =
        "INSERT INTO sessions (day, number, visitor, session)
            SELECT * FROM unnest($1::date[], $2::integer[], $3::integer[], $4::bytea[])";

    /// Does not change the visitor, because a session never gets another one.
    SET_SESSIONS(DATE_ARRAY, INT4_ARRAY, INT4_ARRAY, BYTEA_ARRAY) =
        "INSERT INTO sessions AS stored (day, number, visitor, session)
            SELECT * FROM unnest($1::date[], $2::integer[], $3::integer[], $4::bytea[])
            ON CONFLICT (day, number) DO UPDATE SET session = excluded.session
                WHERE stored.session <> excluded.session";
}
