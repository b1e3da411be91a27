//! Totals, likes and what was counted.

statements! {
    TOTALS(TEXT_ARRAY) = "SELECT topic, name, visits, likes, comments, comments_revision, revision FROM topics
        WHERE name = ANY($1)";

    /// `OFFSET 0` keeps the planner from reading all counts first.
    CUSTOM_EVENTS(TEXT_ARRAY) = "SELECT named.topic, counted.name, counted.count
        FROM topics AS named,
            LATERAL (SELECT name, count FROM custom_events WHERE topic = named.topic OFFSET 0) AS counted
        WHERE named.name = ANY($1)";

    IS_LIKED_BY(TEXT, UUID) = "SELECT FROM likes
        WHERE topic = (SELECT topic FROM topics WHERE name = $1) AND reader = $2 AND is_liked";
}
