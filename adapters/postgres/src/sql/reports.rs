//! The statements of the reports. They are never prepared, so PostgreSQL plans them for their parameters.
//!
//! The site is topic 0, and the pages have the numbers from 1 on.

/// The columns of [`Counts`](horizon_core::reports::Counts), in the order of its array.
macro_rules! counts {
    () => {
        "numbers.pageviews, numbers.visits, numbers.keyed_visits, numbers.visitors, numbers.seconds, numbers.finished,
         numbers.bounces, numbers.duration, numbers.likes, numbers.comments"
    };
}

/// The sums of these columns. PostgreSQL returns the sum of a `bigint` as `numeric`.
macro_rules! count_sums {
    () => {
        "sum(pageviews)::bigint AS pageviews, sum(visits)::bigint AS visits, sum(keyed_visits)::bigint AS keyed_visits,
         sum(visitors)::bigint AS visitors, sum(seconds)::bigint AS seconds, sum(finished)::bigint AS finished,
         sum(bounces)::bigint AS bounces, sum(duration)::bigint AS duration, sum(likes)::bigint AS likes,
         sum(comments)::bigint AS comments"
    };
}

/// The condition of the topics $1 to $2 and the periods $3 to $4.
macro_rules! selected {
    ($period:literal) => {
        concat!(" topic BETWEEN $1 AND $2 AND ", $period, " BETWEEN $3 AND $4")
    };
}

/// The numbers, the name of the topic and the period of each bucket.
macro_rules! buckets {
    ($table:literal, $period:literal) => {
        concat!(
            "SELECT ",
            counts!(),
            ", topics.name, ",
            $period,
            " FROM ",
            $table,
            " AS numbers JOIN topics USING (topic)
                WHERE",
            selected!($period)
        )
    };
}

/// Sums of each group, with the name of the topic and the period. There is a group for each topic if $5 is true, and
/// for each period if $6 is true. `$groups` are the positions of the columns that rows are grouped by. Names are joined
/// last, because PostgreSQL groups numbers more quickly than texts.
macro_rules! sums {
    ($columns:expr, $sums:expr, $table:literal, $period:literal, $groups:literal) => {
        concat!(
            "SELECT ",
            $columns,
            ", topics.name, numbers.period
                FROM (SELECT CASE WHEN $5 THEN topic END AS topic, CASE WHEN $6 THEN ",
            $period,
            " END AS period, ",
            $sums,
            " FROM ",
            $table,
            " WHERE",
            selected!($period),
            " GROUP BY ",
            $groups,
            ") AS numbers LEFT JOIN topics USING (topic)"
        )
    };
}

/// The sums of buckets.
macro_rules! bucket_sums {
    ($table:literal, $period:literal) => {
        sums!(counts!(), count_sums!(), $table, $period, "1, 2")
    };
}

/// The page visits in each bin of their reading times.
macro_rules! bin_sums {
    ($table:literal, $period:literal) => {
        sums!(
            "numbers.bin, numbers.visits",
            "bin, sum(visits)::bigint AS visits",
            $table,
            $period,
            "1, 2, bin"
        )
    };
}

/// The same of topic $1 in the periods $2 to $3, for each period if $4 is true. PostgreSQL can only use the primary key
/// for this condition. With another one it might read the bins of all pages, because they are adjacent.
macro_rules! bin_sums_of_topic {
    ($table:literal, $period:literal) => {
        concat!(
            "SELECT bin, sum(visits)::bigint, (SELECT name FROM topics WHERE topic = $1), CASE WHEN $4 THEN ",
            $period,
            " END FROM ",
            $table,
            " WHERE (topic, ",
            $period,
            ") BETWEEN ($1, $2) AND ($1, $3) GROUP BY 1, 4"
        )
    };
}

statements! {
    unprepared:
    /// The number of a topic.
    TOPIC(TEXT) = "SELECT topic FROM topics WHERE name = $1";

    /// The names of all topics.
    TOPICS() = "SELECT name FROM topics";

    /// Sets how long each statement of the transaction may run.
    SET_STATEMENT_TIMEOUT(TEXT) = "SELECT set_config('statement_timeout', $1, true)";

    HOURS(INT4, INT4, TIMESTAMPTZ, TIMESTAMPTZ) = buckets!("topic_hours", "hour");
    HOUR_SUMS(INT4, INT4, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL) = bucket_sums!("topic_hours", "hour");
    HOUR_BINS(INT4, INT4, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL) = bin_sums!("reading_time_hours", "hour");
    HOUR_BINS_OF_TOPIC(INT4, TIMESTAMPTZ, TIMESTAMPTZ, BOOL) = bin_sums_of_topic!("reading_time_hours", "hour");
    DAYS(INT4, INT4, DATE, DATE) = buckets!("topic_days", "day");
    DAY_SUMS(INT4, INT4, DATE, DATE, BOOL, BOOL) = bucket_sums!("topic_days", "day");
    DAY_BINS(INT4, INT4, DATE, DATE, BOOL, BOOL) = bin_sums!("reading_time_days", "day");
    DAY_BINS_OF_TOPIC(INT4, DATE, DATE, BOOL) = bin_sums_of_topic!("reading_time_days", "day");

    DIMENSION(INT2, DATE, DATE) = concat!(
        "SELECT ", counts!(), ", value, day FROM dimension_days AS numbers
            WHERE dimension = $1 AND day BETWEEN $2 AND $3"
    );
    DIMENSION_SUMS(INT2, DATE, DATE) = concat!(
        "SELECT ", count_sums!(), ", value FROM dimension_days
            WHERE dimension = $1 AND day BETWEEN $2 AND $3 GROUP BY value"
    );

    /// How often custom events happened, for each name if $7 is true.
    EVENTS(INT4, INT4, TIMESTAMPTZ, TIMESTAMPTZ, BOOL, BOOL, BOOL) = sums!(
        "numbers.count, numbers.event", "CASE WHEN $7 THEN name END AS event, sum(count)::bigint AS count",
        "event_hours", "hour", "1, 2, 3"
    );

    /// The hours and bins whose sum of all pages, in the rows of the site, is wrong.
    WRONG_BIN_SUMS() = "SELECT hour, bin, coalesce(sum(visits) FILTER (WHERE topic > 0), 0)::bigint AS parts,
            coalesce(sum(visits) FILTER (WHERE topic = 0), 0)::bigint AS total
        FROM reading_time_hours GROUP BY hour, bin
        HAVING sum(CASE WHEN topic > 0 THEN visits ELSE -visits END) <> 0 ORDER BY hour, bin";

    PACKED_SESSIONS(DATE, DATE) = "SELECT sessions FROM packed_sessions WHERE day BETWEEN $1 AND $2";
    PACKED_SESSIONS_WITH_PAGES(DATE, DATE) = "SELECT sessions, pages FROM packed_sessions
        WHERE day BETWEEN $1 AND $2";
    LOOSE_SESSIONS(DATE, DATE) = "SELECT session FROM sessions WHERE day BETWEEN $1 AND $2 ORDER BY day, visitor";
}
