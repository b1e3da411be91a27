//! The statements that pack sessions, and that erase what is too old.

/// Deletes at most $2 rows. Nothing may change these rows at the same time, because the statement finds them by their
/// place (`ctid`), which an update changes.
macro_rules! delete {
    ($table:literal, $condition:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ",
            $table,
            " WHERE ",
            $condition,
            " LIMIT $2))"
        )
    };
}

statements! {
    unprepared:
    /// Erases the ids that contain the time of their event.
    EXPIRE_EVENT_IDS(UUID, INT8) = delete!("event_ids", "id < $1 AND at IS NULL ORDER BY id");

    /// Erases the other ids.
    EXPIRE_OTHER_EVENT_IDS(INT8, INT8) = delete!("event_ids", "at < $1 ORDER BY at");

    EXPIRE_UNLIKES(INT8, INT8) = delete!("likes", "NOT is_liked AND at < $1 ORDER BY at");
    EXPIRE_VISITOR_STATES(DATE, INT8) = delete!("visitor_states", "last_day < $1 ORDER BY last_day");
    EXPIRE_LOOSE_SESSIONS(DATE, INT8) = delete!("sessions", "day < $1 ORDER BY day");
    EXPIRE_PACKED_SESSIONS(DATE, INT8) = delete!("packed_sessions", "day < $1 ORDER BY day");

    /// How many sessions started before a day.
    COUNT_SESSIONS(DATE) = "SELECT (SELECT coalesce(sum(count), 0) FROM packed_sessions WHERE day < $1)
        + (SELECT count(*) FROM sessions WHERE day < $1) AS count";

    /// Refuses sessions of the days before $1.
    SET_FIRST_SESSION_DAY(DATE) = "UPDATE site SET first_session_day = greatest(first_session_day, $1)";

    /// The days from $1 to before $2 with loose sessions.
    LOOSE_DAYS(DATE, DATE) = "SELECT DISTINCT day FROM sessions WHERE day >= $1 AND day < $2";

    /// The states of visitors with sessions that started before a day.
    STATES_WITH_SESSIONS_BEFORE(DATE) = "SELECT state FROM visitor_states WHERE first_day < $1";

    /// The visitor of the last session of a full part. No row if all sessions of the day make no full part.
    LAST_VISITOR_OF_PART(DATE, INT8) = "SELECT visitor FROM sessions WHERE day = $1 ORDER BY visitor
        OFFSET $2 - 1 LIMIT 1";

    /// Removes the sessions of a day up to and including those of visitor $2, and returns them.
    TAKE_SESSIONS_OF_VISITORS(DATE, INT4) = "DELETE FROM sessions WHERE day = $1 AND visitor <= $2 RETURNING session";

    /// Removes at most $2 sessions of a day, those without a visitor last, and returns them.
    TAKE_SESSIONS(DATE, INT8) = concat!(
        delete!("sessions", "day = $1 ORDER BY visitor"), " RETURNING session"
    );

    /// Removes a part of a day that has at most $2 sessions, and returns it.
    TAKE_PACKED_SESSIONS(DATE, INT4) = "DELETE FROM packed_sessions
        WHERE id = (SELECT id FROM packed_sessions WHERE day = $1 AND count <= $2 LIMIT 1)
        RETURNING sessions, pages";

    ADD_PACKED_SESSIONS(DATE, INT4, BYTEA, BYTEA) = "INSERT INTO packed_sessions (day, count, sessions, pages)
        VALUES ($1, $2, $3, $4)";
}
