//! Comments. Each statement finds its rows in an index, and reads no others.

/// Selects whole comments.
macro_rules! comments {
    ($rest:expr) => {
        concat!(
            "SELECT id, slug, parent, reader, author, badge, body, at, visibility FROM comments ",
            $rest
        )
    };
}

/// The `seq` of comment `$1`, before which a page of comments ends. Nothing is older than an unknown comment.
macro_rules! end {
    () => {
        "(CASE WHEN $1 IS NULL THEN 9223372036854775807
            ELSE coalesce((SELECT seq FROM comments WHERE id = $1), 0) END)"
    };
}

/// Selects from `found`, which are comments with their `cost` in bytes, in the order of `thread` (the `seq` of a head,
/// descending) and `number`: those within the limit, and the first one that exceeds it. PostgreSQL does not read the
/// long texts of the others.
macro_rules! within_bytes {
    ($limit:literal) => {
        concat!(
            " SELECT id, slug, parent, reader, author, badge, body, at, visibility
            FROM (SELECT *, sum(cost) OVER
                (ORDER BY thread DESC, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS cost_before
                FROM found) AS counted
            WHERE coalesce(cost_before, 0) <= ",
            $limit,
            " ORDER BY thread DESC, number"
        )
    };
}

statements! {
    COMMENT(UUID) = comments!("WHERE id = $1");

    /// The threads before `$1` of the page `$2`, at most `$3`, each followed by at most `$4` replies. `$5` is the
    /// maximum number of bytes, `$6` the bytes of a comment without its texts. One more thread, without replies, and
    /// one more reply show that others follow; they cost nothing.
    THREADS(UUID, TEXT, INT8, INT8, INT8, INT4) = concat!(
        "WITH heads AS (
            SELECT *, row_number() OVER (ORDER BY seq DESC) AS position FROM comments
            WHERE slug = $2 AND is_thread_shown AND seq < ", end!(), " ORDER BY seq DESC LIMIT $3 + 1
        ), found AS (
            SELECT seq AS thread, 0 AS number, id, slug, parent, reader, author, badge, body, at, visibility,
                CASE visibility WHEN 1 THEN $6 + octet_length(author) + octet_length(body) ELSE $6 END AS cost
            FROM heads
            UNION ALL
            SELECT heads.seq, reply.number, reply.id, reply.slug, reply.parent, reply.reader, reply.author, reply.badge,
                reply.body, reply.at, reply.visibility,
                CASE WHEN reply.number > $4 THEN 0 ELSE $6 + octet_length(reply.author) + octet_length(reply.body) END
            FROM heads CROSS JOIN LATERAL (
                SELECT *, row_number() OVER (ORDER BY seq) AS number FROM comments
                WHERE parent = heads.id AND visibility = 1 ORDER BY seq LIMIT $4 + 1
            ) AS reply
            WHERE heads.position <= $3
        )",
        within_bytes!("$5")
    );

    /// The thread `$1` of the page `$2`, followed by at most `$4` replies after `$3`, and one more. `$5` is the maximum
    /// number of bytes, `$6` the bytes of a comment without its texts. The head costs nothing. No reply comes after a
    /// comment of another page.
    THREAD(UUID, TEXT, UUID, INT8, INT8, INT4) = concat!(
        "WITH head AS (SELECT * FROM comments WHERE id = $1 AND slug = $2 AND is_thread_shown
        ), found AS (
            SELECT seq AS thread, 0 AS number, id, slug, parent, reader, author, badge, body, at, visibility, 0 AS cost
            FROM head
            UNION ALL
            SELECT head.seq, reply.number, reply.id, reply.slug, reply.parent, reply.reader, reply.author, reply.badge,
                reply.body, reply.at, reply.visibility, $6 + octet_length(reply.author) + octet_length(reply.body)
            FROM head CROSS JOIN LATERAL (
                SELECT *, row_number() OVER (ORDER BY seq) AS number FROM comments
                WHERE parent = head.id AND visibility = 1 AND seq > CASE WHEN $3 IS NULL THEN 0
                    ELSE coalesce((SELECT seq FROM comments WHERE id = $3 AND slug = $2), 9223372036854775807) END
                ORDER BY seq LIMIT $4 + 1
            ) AS reply
        )",
        within_bytes!("$5")
    );

    NEWEST(TEXT, INT8) = comments!("WHERE slug = $1 AND visibility = 1 ORDER BY seq DESC LIMIT $2");

    RECENT(UUID, INT8) = comments!(concat!("WHERE seq < ", end!(), " ORDER BY seq DESC LIMIT $2"));

    RECENT_BY_VISIBILITY(UUID, INT8, INT2) =
        comments!(concat!("WHERE visibility = $3 AND seq < ", end!(), " ORDER BY seq DESC LIMIT $2"));

    COUNT_REPLIES(UUID) = "SELECT count(*) FROM comments WHERE parent = $1";
}
