//! The site as a whole.

statements! {
    TOTALS(TEXT_ARRAY) = "SELECT topic, name, visits, likes, comments, comments_revision, revision FROM topics
        WHERE name = ANY($1)";
}
