//! The site as a whole.

statements! {
    /// The row of the site, and the version of the schema, which has one row.
    SITE() = "SELECT time_zone, cutoff, late_events, first_session_day, (SELECT version FROM schema_version) AS version
        FROM site WHERE id = 1";

    /// Stores the state of the reports. The time zone is empty before this.
    SET_SITE(TEXT, INT8, INT8) = "UPDATE site SET time_zone = $1, cutoff = $2, late_events = $3 WHERE id = 1";
}
