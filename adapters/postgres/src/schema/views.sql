
-- The views for people and programs that read the numbers in SQL: docs/postgres.md. They contain no key of a reader or
-- visitor, no secret, no id of an event and no session, so a role may read all of them.
--
-- Their columns have the names of the metrics in docs/reports.md, and a name means the same in each view. Columns are
-- counts, with the denominators of rates and means, because counts of several days can be added. Medians are the
-- exception; a median that is not selected is not calculated.
--
-- What was taken back (a like, or the exit page of a session that went on) leaves a row of zeros, which no view has.
--
-- A later version changes a view in its own step, with `CREATE OR REPLACE VIEW`, which keeps the rights of readers.
-- That only adds columns at the end. To rename or remove a column, or to change its type, a step has to drop the view
-- and grant again what `pg_class.relacl` had.

-- Topic 0 is the site. A filter by page uses this index. The name of a topic never changes, so the updates of totals
-- stay in their page.
CREATE UNIQUE INDEX topics_page ON topics (substr(name, 6)) WHERE topic <> 0;

CREATE VIEW pages AS
    SELECT
        substr(name, 6) AS page,
        CASE name WHEN 'blog:/' THEN '/' ELSE '/' || substr(name, 6) END AS path,
        visits AS page_visits,
        likes,
        comments
    FROM topics
    WHERE topic <> 0;

CREATE VIEW daily AS
    SELECT
        d.day,
        substr(t.name, 6) AS page,
        d.visitors,
        d.pageviews,
        d.visits AS page_visits,
        d.keyed_visits AS keyed_page_visits,
        d.seconds,
        d.finished,
        d.likes,
        d.comments,
        (
            SELECT CASE r.bin WHEN 0 THEN 0 ELSE 1.1::float8 ^ (r.bin - 1) * 1.05 END
            FROM (
                SELECT bin, sum(visits) OVER (ORDER BY bin) AS until, sum(visits) OVER () AS total
                FROM reading_time_days
                WHERE topic = d.topic AND day = d.day AND visits > 0
            ) r
            WHERE 2 * r.until >= r.total
            ORDER BY r.bin
            LIMIT 1
        ) AS median_time_on_page
    FROM topic_days d
    JOIN topics t USING (topic)
    WHERE t.topic <> 0 AND (d.pageviews, d.visits, d.seconds, d.likes, d.comments) <> (0, 0, 0, 0, 0);

CREATE VIEW daily_site AS
    SELECT
        d.day,
        coalesce(sum(d.visitors) FILTER (WHERE d.topic = 0), 0)::bigint AS visitors,
        coalesce(sum(d.visits) FILTER (WHERE d.topic = 0), 0)::bigint AS visits,
        coalesce(sum(d.keyed_visits) FILTER (WHERE d.topic = 0), 0)::bigint AS keyed_visits,
        coalesce(sum(d.pageviews) FILTER (WHERE d.topic = 0), 0)::bigint AS pageviews,
        coalesce(sum(d.bounces) FILTER (WHERE d.topic = 0), 0)::bigint AS bounces,
        coalesce(sum(d.duration) FILTER (WHERE d.topic = 0), 0)::bigint AS duration,
        coalesce(sum(d.seconds) FILTER (WHERE d.topic = 0), 0)::bigint AS seconds,
        coalesce(sum(d.visits) FILTER (WHERE d.topic <> 0), 0)::bigint AS page_visits,
        coalesce(sum(d.keyed_visits) FILTER (WHERE d.topic <> 0), 0)::bigint AS keyed_page_visits,
        coalesce(sum(d.seconds) FILTER (WHERE d.topic <> 0), 0)::bigint AS page_seconds,
        coalesce(sum(d.finished) FILTER (WHERE d.topic <> 0), 0)::bigint AS finished,
        sum(d.likes)::bigint AS likes,
        sum(d.comments)::bigint AS comments,
        (
            SELECT CASE r.bin WHEN 0 THEN 0 ELSE 1.1::float8 ^ (r.bin - 1) * 1.05 END
            FROM (
                SELECT bin, sum(visits) OVER (ORDER BY bin) AS until, sum(visits) OVER () AS total
                FROM reading_time_days
                WHERE topic = 0 AND day = d.day AND visits > 0
            ) r
            WHERE 2 * r.until >= r.total
            ORDER BY r.bin
            LIMIT 1
        ) AS median_time_on_page
    FROM topic_days d
    WHERE (d.pageviews, d.visits, d.seconds, d.likes, d.comments) <> (0, 0, 0, 0, 0)
    GROUP BY d.day;

CREATE VIEW hourly AS
    SELECT
        h.hour,
        (h.hour AT TIME ZONE (SELECT coalesce(nullif(time_zone, ''), 'UTC') FROM site))::date AS day,
        substr(t.name, 6) AS page,
        h.visitors,
        h.pageviews,
        h.visits AS page_visits,
        h.keyed_visits AS keyed_page_visits,
        h.seconds,
        h.finished,
        h.likes,
        h.comments
    FROM topic_hours h
    JOIN topics t USING (topic)
    WHERE t.topic <> 0 AND (h.pageviews, h.visits, h.seconds, h.likes, h.comments) <> (0, 0, 0, 0, 0);

CREATE VIEW hourly_site AS
    SELECT
        h.hour,
        (h.hour AT TIME ZONE (SELECT coalesce(nullif(time_zone, ''), 'UTC') FROM site))::date AS day,
        h.visitors,
        h.visits,
        h.keyed_visits,
        h.pageviews,
        h.bounces,
        h.duration,
        h.seconds
    FROM topic_hours h
    WHERE h.topic = 0 AND (h.pageviews, h.visits, h.seconds, h.likes, h.comments) <> (0, 0, 0, 0, 0);

CREATE VIEW reading_times AS
    SELECT
        r.day,
        substr(t.name, 6) AS page,
        CASE r.bin WHEN 0 THEN 0 ELSE 1.1::float8 ^ (r.bin - 1) END AS seconds_from,
        CASE r.bin WHEN 0 THEN 0 ELSE 1.1::float8 ^ r.bin END AS seconds_until,
        r.visits AS keyed_page_visits
    FROM reading_time_days r
    JOIN topics t USING (topic)
    WHERE t.topic <> 0 AND r.visits > 0;

-- `VALUES` instead of `CASE`, so that a filter by the name of a dimension becomes one by its number.
CREATE VIEW dimensions AS
    SELECT
        d.day,
        names.dimension,
        d.value,
        d.visitors,
        d.visits,
        d.keyed_visits,
        d.pageviews,
        d.bounces,
        d.duration,
        d.seconds
    FROM dimension_days d
    JOIN (
        VALUES
            (0::smallint, 'entry_page'),
            (1, 'exit_page'),
            (2, 'source'),
            (3, 'channel'),
            (4, 'medium'),
            (5, 'campaign'),
            (6, 'term'),
            (7, 'content'),
            (8, 'browser'),
            (9, 'system'),
            (10, 'device'),
            (11, 'country'),
            (12, 'language')
    ) AS names (number, dimension) ON names.number = d.dimension
    WHERE (d.pageviews, d.visits, d.seconds) <> (0, 0, 0);

CREATE VIEW sources AS
    SELECT day, value AS source, visitors, visits, keyed_visits, pageviews, bounces, duration, seconds
    FROM dimension_days
    WHERE dimension = 2 AND (pageviews, visits, seconds) <> (0, 0, 0);

CREATE VIEW events AS
    SELECT
        e.hour,
        (e.hour AT TIME ZONE (SELECT coalesce(nullif(time_zone, ''), 'UTC') FROM site))::date AS day,
        CASE WHEN t.topic <> 0 THEN substr(t.name, 6) END AS page,
        e.name AS event,
        e.count AS events
    FROM event_hours e
    JOIN topics t USING (topic);

-- A barrier: no condition of a query is evaluated on comments that are not shown.
CREATE VIEW shown_comments WITH (security_barrier) AS
    SELECT
        slug AS page,
        to_timestamp(at / 1000.0) AS written_at,
        parent IS NOT NULL AS is_reply,
        author,
        badge,
        body
    FROM comments
    WHERE visibility = 1;

CREATE VIEW site_status AS
    SELECT
        zone.name AS time_zone,
        (now() AT TIME ZONE zone.name)::date AS today,
        (to_timestamp(site.cutoff / 1000.0) AT TIME ZONE zone.name)::date AS open_since,
        site.first_session_day,
        site.late_events
    FROM site, LATERAL (SELECT coalesce(nullif(site.time_zone, ''), 'UTC')) AS zone (name);
