//! Totals, likes and what was counted.

statements! {
    TOTALS(TEXT_ARRAY) = "SELECT topic, name, visits, likes, comments, comments_revision, revision FROM topics
        WHERE name = ANY($1)";

    CUSTOM_EVENTS(TEXT_ARRAY) = "SELECT topic, custom_events.name, count FROM custom_events JOIN topics USING (topic)
        WHERE topics.name = ANY($1)";

    IS_LIKED_BY(TEXT, UUID) = "SELECT FROM likes
        WHERE topic = (SELECT topic FROM topics WHERE name = $1) AND reader = $2 AND is_liked";
}
