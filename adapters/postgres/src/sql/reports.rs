//! The statements of the reports. They are always planned for their parameters, so they are never prepared.

/// The columns of [`Counts`](horizon_core::reports::Counts), in the order of its array.
macro_rules! counts {
    () => {
        "pageviews, visits, keyed_visits, visitors, seconds, finished, bounces, duration, likes, comments"
    };
}

/// The sums of these columns. A sum of the type `bigint` is `numeric` in PostgreSQL.
macro_rules! sums {
    () => {
        "sum(pageviews)::bigint, sum(visits)::bigint, sum(keyed_visits)::bigint, sum(visitors)::bigint,
         sum(seconds)::bigint, sum(finished)::bigint, sum(bounces)::bigint, sum(duration)::bigint, sum(likes)::bigint,
         sum(comments)::bigint"
    };
}

/// The rows of topics whose name is from $1 to $2, from the period $3 to $4.
macro_rules! of_topics {
    ($table:literal, $period:literal) => {
        concat!(
            " FROM ",
            $table,
            " JOIN topics USING (topic)
                WHERE topics.name BETWEEN $1 AND $2 AND ",
            $period,
            " BETWEEN $3 AND $4"
        )
    };
}

/// The numbers of each bucket of topics, the name of its topic and its period.
macro_rules! buckets {
    ($table:literal, $period:literal) => {
        concat!(
            "SELECT ",
            counts!(),
            ", topics.name, ",
            $period,
            of_topics!($table, $period)
        )
    };
}

/// The sums of buckets of topics: of each topic if $5 says so, and of each period if $6 says so.
macro_rules! bucket_sums {
    ($table:literal, $period:literal) => {
        concat!(
            "SELECT ",
            sums!(),
            ", CASE WHEN $5 THEN topics.name END, CASE WHEN $6 THEN ",
            $period,
            " END",
            of_topics!($table, $period),
            " GROUP BY 11, 12"
        )
    };
}

/// The bins of the reading times of pages: of each page if $5 says so, and of each period if $6 says so.
macro_rules! bin_sums {
    ($table:literal, $period:literal) => {
        concat!(
            "SELECT bin, sum(visits)::bigint, CASE WHEN $5 THEN topics.name END, CASE WHEN $6 THEN ",
            $period,
            " END",
            of_topics!($table, $period),
            " GROUP BY 1, 3, 4"
        )
    };
}

statements! {
    TOPICS() = "SELECT name FROM topics";

    /// Sets how long each statement of the transaction may run.
    SET_STATEMENT_TIMEOUT(TEXT) = "SELECT set_config('statement_timeout', $1, true)";

    HOURS(TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ) = buckets!("topic_hours", "hour");
    HOUR_SUMS(TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL) = bucket_sums!("topic_hours", "hour");
    HOUR_BINS(TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL) = bin_sums!("reading_time_hours", "hour");
    DAYS(TEXT, TEXT, DATE, DATE) = buckets!("topic_days", "day");
    DAY_SUMS(TEXT, TEXT, DATE, DATE, BOOL, BOOL) = bucket_sums!("topic_days", "day");
    DAY_BINS(TEXT, TEXT, DATE, DATE, BOOL, BOOL) = bin_sums!("reading_time_days", "day");

    DIMENSION(INT2, DATE, DATE) = concat!(
        "SELECT ", counts!(), ", value, day FROM dimension_days WHERE dimension = $1 AND day BETWEEN $2 AND $3"
    );
    DIMENSION_SUMS(INT2, DATE, DATE) = concat!(
        "SELECT ", sums!(), ", value FROM dimension_days WHERE dimension = $1 AND day BETWEEN $2 AND $3 GROUP BY value"
    );

    /// How often custom events happened: of each topic, hour and name, if $5, $6 and $7 say so.
    EVENTS(TEXT, TEXT, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL, BOOL) = concat!(
        "SELECT sum(count)::bigint, CASE WHEN $5 THEN topics.name END, CASE WHEN $6 THEN hour END,
            CASE WHEN $7 THEN event_hours.name END",
        of_topics!("event_hours", "hour"), " GROUP BY 2, 3, 4"
    );

    PACKED_SESSIONS(DATE, DATE) = "SELECT sessions FROM packed_sessions WHERE day BETWEEN $1 AND $2";
    PACKED_SESSIONS_WITH_PAGES(DATE, DATE) = "SELECT sessions, pages FROM packed_sessions
        WHERE day BETWEEN $1 AND $2";
    LOOSE_SESSIONS(DATE, DATE) = "SELECT session FROM sessions WHERE day BETWEEN $1 AND $2 ORDER BY day, visitor";
}
