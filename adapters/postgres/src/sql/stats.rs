//! Totals.

statements! {
    TOTALS(TEXT_ARRAY) = "SELECT topic, name, visits, likes, comments, comments_revision, revision FROM topics
        WHERE name = ANY($1)";

    CUSTOM_EVENTS(TEXT_ARRAY) = "SELECT topic, custom_events.name, count FROM custom_events JOIN topics USING (topic)
        WHERE topics.name = ANY($1)";
}
