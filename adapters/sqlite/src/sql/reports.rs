//! The statements of the reports.

use super::Sql;

/// The columns of [`Counts`](horizon_core::reports::Counts), in the order of its array.
macro_rules! counts {
    () => {
        "pageviews, visits, keyed_visits, visitors, seconds, finished, bounces, duration, likes, comments"
    };
}

/// The sums of these columns.
macro_rules! sums {
    () => {
        "sum(pageviews), sum(visits), sum(keyed_visits), sum(visitors), sum(seconds), sum(finished), sum(bounces), \
         sum(duration), sum(likes), sum(comments)"
    };
}

/// The assignments that add to these columns.
macro_rules! add_counts {
    () => {
        "pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits, \
         keyed_visits = keyed_visits + excluded.keyed_visits, visitors = visitors + excluded.visitors, \
         seconds = seconds + excluded.seconds, finished = finished + excluded.finished, \
         bounces = bounces + excluded.bounces, duration = duration + excluded.duration, \
         likes = likes + excluded.likes, comments = comments + excluded.comments"
    };
}

/// Adds to a bucket of a topic. The histogram is replaced if ?14 says so.
macro_rules! add_to_topic {
    ($table:literal, $period:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (",
            counts!(),
            ", topic, ",
            $period,
            ", reading_times)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                ON CONFLICT DO UPDATE SET ",
            add_counts!(),
            ",
                reading_times = CASE WHEN ?14 THEN excluded.reading_times ELSE reading_times END"
        )
    };
}

/// The buckets of a topic from ?2 to ?3.
macro_rules! select_of_topic {
    ($table:literal, $period:literal, $columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE topic = ?1 AND ",
            $period,
            " >= ?2 AND ",
            $period,
            " <= ?3"
        )
    };
}

statements! {
    SITE = "SELECT time_zone, cutoff, late_events, first_session_day FROM site WHERE id = 1";
    SET_SITE = "INSERT INTO site (id, time_zone, cutoff, late_events) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET cutoff = excluded.cutoff, late_events = excluded.late_events";
    SET_FIRST_SESSION_DAY = "UPDATE site SET first_session_day = max(coalesce(first_session_day, ?1), ?1)
        WHERE id = 1";

    VISITOR_STATE = "SELECT id, last, state FROM visitor_states WHERE topic = ?1 AND visitor = ?2";
    ADD_VISITOR_STATE = "INSERT INTO visitor_states (topic, visitor, last, last_day, first_day, state)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    SET_VISITOR_STATE = "UPDATE visitor_states SET last = ?2, last_day = ?3, first_day = ?4, state = ?5 WHERE id = ?1";
    REMOVE_VISITOR_STATE = "DELETE FROM visitor_states WHERE id = ?1";
    EXPIRE_VISITOR_STATES = "DELETE FROM visitor_states WHERE id IN
        (SELECT id FROM visitor_states INDEXED BY visitor_states_last_day WHERE last_day < ?1 LIMIT ?2)";
    STATES_WITH_SESSIONS_BEFORE = "SELECT state FROM visitor_states INDEXED BY visitor_states_first_day
        WHERE first_day < ?1";

    DAY_NUMBER = "SELECT next FROM day_numbers WHERE day = ?1 AND kind = ?2";
    SET_DAY_NUMBER = "INSERT INTO day_numbers (day, kind, next) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET next = excluded.next";
    HAS_VALUE = "SELECT 1 FROM dimension_days WHERE day = ?1 AND dimension = ?2 AND value = ?3";
    COMMENT_IS_DATED = "SELECT is_dated FROM comments WHERE id = ?1";

    ADD_TO_HOUR = add_to_topic!("topic_hours", "hour");
    ADD_TO_DAY = add_to_topic!("topic_days", "day");
    READING_TIMES_OF_HOUR = "SELECT reading_times FROM topic_hours WHERE topic = ?1 AND hour = ?2";
    READING_TIMES_OF_DAY = "SELECT reading_times FROM topic_days WHERE topic = ?1 AND day = ?2";
    ADD_TO_DIMENSION = concat!(
        "INSERT INTO dimension_days (", counts!(), ", dimension, day, value)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT DO UPDATE SET ", add_counts!()
    );
    ADD_TO_EVENT_HOUR = "INSERT INTO event_hours (topic, hour, name, count) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET count = count + excluded.count";
    ADD_UNDATED = "UPDATE topics SET undated_visits = undated_visits + ?2, undated_likes = undated_likes + ?3,
        undated_comments = undated_comments + ?4 WHERE topic = ?1";

    SET_SESSION = "INSERT INTO sessions (day, number, visitor, session) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET session = excluded.session";
    REMOVE_SESSION = "DELETE FROM sessions WHERE day = ?1 AND number = ?2";
    LOOSE_SESSIONS = "SELECT session FROM sessions INDEXED BY sessions_visitor WHERE day = ?1 ORDER BY visitor";
    NEXT_LOOSE_DAY = "SELECT day FROM sessions INDEXED BY sessions_visitor
        WHERE day >= ?1 AND day <= ?2 ORDER BY day LIMIT 1";
    NEXT_PACKED_DAY = "SELECT day FROM packed_sessions INDEXED BY packed_sessions_day
        WHERE day >= ?1 AND day <= ?2 ORDER BY day LIMIT 1";
    PACKED_PARTS = "SELECT sessions, pages FROM packed_sessions INDEXED BY packed_sessions_day WHERE day = ?1";
    PACKED_PART_WITH_ROOM = "SELECT sessions, pages, id FROM packed_sessions INDEXED BY packed_sessions_day
        WHERE day = ?1 AND count <= ?2 LIMIT 1";
    ADD_PACKED_PART = "INSERT INTO packed_sessions (day, count, sessions, pages) VALUES (?1, ?2, ?3, ?4)";
    REMOVE_PACKED_PART = "DELETE FROM packed_sessions WHERE id = ?1";
    EXPIRE_LOOSE_SESSIONS = "DELETE FROM sessions WHERE (day, number) IN
        (SELECT day, number FROM sessions INDEXED BY sessions_visitor WHERE day < ?1 LIMIT ?2)";
    EXPIRE_PACKED_SESSIONS = "DELETE FROM packed_sessions WHERE id IN
        (SELECT id FROM packed_sessions INDEXED BY packed_sessions_day WHERE day < ?1 LIMIT ?2)";
    COUNT_PACKED_SESSIONS = "SELECT coalesce(sum(count), 0) FROM packed_sessions INDEXED BY packed_sessions_day
        WHERE day < ?1";
    COUNT_LOOSE_SESSIONS = "SELECT count(*) FROM sessions INDEXED BY sessions_visitor WHERE day < ?1";

    SITE_TOPIC = "SELECT topic, name FROM topics WHERE name = 'site'";
    TOPICS = "SELECT topic, name FROM topics WHERE name > ''";
    PAGE_TOPIC = "SELECT topic, name FROM topics WHERE name = ?1";
    PAGE_TOPICS = "SELECT topic, name FROM topics WHERE name >= 'blog:' AND name < 'blog;'";
    HOURS = select_of_topic!("topic_hours", "hour", concat!(counts!(), ", hour, reading_times"));
    DAYS = select_of_topic!("topic_days", "day", concat!(counts!(), ", day, reading_times"));
    SUM_OF_HOURS = select_of_topic!("topic_hours", "hour", sums!());
    SUM_OF_DAYS = select_of_topic!("topic_days", "day", sums!());
    NEXT_DIMENSION_DAY = "SELECT day FROM dimension_days WHERE day >= ?1 AND day <= ?2 ORDER BY day LIMIT 1";
    DIMENSION_OF_DAY = concat!(
        "SELECT ", counts!(), ", value FROM dimension_days WHERE day = ?1 AND dimension = ?2"
    );
    EVENT_HOURS = "SELECT hour, name, count FROM event_hours WHERE topic = ?1 AND hour >= ?2 AND hour <= ?3";
    UNDATED = "SELECT undated_visits, undated_likes, undated_comments FROM topics WHERE topic = ?1";
    UNDATED_EVENTS = "SELECT name, undated FROM custom_events WHERE topic = ?1";
}
