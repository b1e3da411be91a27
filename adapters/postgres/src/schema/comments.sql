
-- What `\d+` of psql, and tools that read the catalogue, say about the schema, its tables and its views.

DO $do$
BEGIN
    -- A schema that is shared with other tables keeps its own comment.
    IF EXISTS (
        SELECT FROM pg_namespace
        WHERE nspname = current_schema() AND pg_has_role(nspowner, 'USAGE')
            AND obj_description(oid, 'pg_namespace') IS NULL
    ) THEN
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', current_schema(),
            'EventHorizon: visits, likes, comments and reports. Read the views; only EventHorizon writes the tables.');
    END IF;
END
$do$;

COMMENT ON VIEW pages IS
    'The totals of each page since the first event: the numbers that the pages show';
COMMENT ON VIEW daily IS
    'The numbers of each page on each day. A day on which nothing happened has no row. Visitors of pages do not add '
    'up to those of the site: one visitor may read several pages. A visitor counts again on the next day';
COMMENT ON VIEW daily_site IS
    'The numbers of the whole site on each day';
COMMENT ON VIEW hourly IS
    'The numbers of each page in each hour. Visitors of hours do not add up to those of the day';
COMMENT ON VIEW hourly_site IS
    'The numbers of the whole site in each hour. Visitors of hours do not add up to those of the day';
COMMENT ON VIEW reading_times IS
    'How many page visits of a page and day took how long, for medians of several days. Ranges grow by 10 %';
COMMENT ON VIEW dimensions IS
    'The sessions of each day by one property: entry_page, exit_page, source, channel, medium, campaign, term, '
    'content, browser, system, device, country or language. Each session is in one row of each dimension';
COMMENT ON VIEW sources IS
    'The sessions of each day by the site or campaign that led to them';
COMMENT ON VIEW events IS
    'How often each custom event happened, by hour and page';
COMMENT ON VIEW shown_comments IS
    'The comments that readers see';
COMMENT ON VIEW site_status IS
    'The time zone of the site and what is final. One row';

-- The columns of the views. A name means the same in each of them.
DO $do$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT class.relname AS view, attribute.attname AS name, texts.text
        FROM (VALUES
            ('author', 'The name that the author of the comment gave; may be empty'),
            ('badge', 'What the application says about the author, such as author'),
            ('body', 'The text of the comment, as the reader wrote it: escape it'),
            ('bounces', 'Keyed sessions with at most one pageview and without a like, a comment or a custom event. '
                'Bounce rate: bounces / keyed_visits'),
            ('comments', 'Comments that are shown now, at the time at which they were written'),
            ('day', 'The day in the time zone of the site'),
            ('dimension', 'The property of the sessions, such as country'),
            ('duration', 'Seconds from the start to the last event of the keyed sessions. '
                'Mean: duration / keyed_visits'),
            ('event', 'The name of the custom event'),
            ('events', 'How often the custom event happened'),
            ('finished', 'Keyed page visits in which the end of the page was on screen. '
                'Share: finished / keyed_page_visits'),
            ('first_session_day', 'The first day whose sessions are kept; null if none were erased'),
            ('hour', 'The start of the hour. A filter on it uses the index of the table; one on day does not'),
            ('is_reply', 'Whether the comment is a reply'),
            ('keyed_page_visits', 'Page visits of readers who may be recognised during a day'),
            ('keyed_visits', 'Sessions of readers who may be recognised during a day'),
            ('late_events', 'Events that came after their day was final. Should stay 0'),
            ('likes', 'Readers who like it now, at the time of their latest like'),
            ('median_time_on_page', 'The median of the seconds that a page visit took: the middle of its range in '
                'reading_times; null if unknown'),
            ('open_since', 'The first day that may still change; earlier days are final. Null before the first event'),
            ('page', 'The name of the page: its URL path, decoded and without the first slash, such as docs/intro. '
                'The root page is /. Null: the site'),
            ('page_seconds', 'The sum of the seconds of the pages. Mean time on page: '
                'page_seconds / keyed_page_visits'),
            ('page_visits', 'Visits of pages: the events of a visitor on a page, with gaps of at most 30 minutes. '
                'Pages show them as views'),
            ('pageviews', 'Pages that were opened. A reload counts again'),
            ('path', 'The URL path of the page, decoded, such as /docs/intro'),
            ('seconds', 'Seconds that pages were visible. Mean time on a page: seconds / keyed_page_visits'),
            ('seconds_from', 'The least seconds of the range'),
            ('seconds_until', 'The end of the range in seconds, not included; in the range of 0 seconds it is 0'),
            ('source', 'The site or campaign that led to the session, in lower case; empty if it is unknown'),
            ('time_zone', 'The IANA name of the time zone of the site'),
            ('today', 'The current day in the time zone of the site. It is not over'),
            ('value', 'The value of the dimension; empty if it is unknown, (other) beyond the first 1,000 of a day'),
            ('visitors', 'Distinct visitors of the day or hour with a pageview'),
            ('visits', 'Sessions that started: the events of a visitor on the site, with gaps of at most 30 minutes'),
            ('written_at', 'When the comment was written')
        ) AS texts (name, text)
        JOIN pg_attribute attribute ON attribute.attname = texts.name
        JOIN pg_class class ON class.oid = attribute.attrelid
        JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
        WHERE namespace.nspname = current_schema() AND class.relname IN (
            'pages', 'daily', 'daily_site', 'hourly', 'hourly_site', 'reading_times', 'dimensions', 'sources', 'events',
            'shown_comments', 'site_status'
        )
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', item.view, item.name, item.text);
    END LOOP;
END
$do$;

COMMENT ON TABLE schema_version IS 'The version of the schema: how many steps of the migration are done';
COMMENT ON TABLE site IS 'The site: one row';
COMMENT ON TABLE secrets IS 'Secrets that all processes share. Private';
COMMENT ON TABLE salts IS 'The salts of the visitor keys of each day. Private; erased after two days';
COMMENT ON TABLE topics IS 'The totals of the site and of the pages';
COMMENT ON TABLE custom_events IS 'The totals of the custom events';
COMMENT ON TABLE event_ids IS 'Which events were counted, so that none counts twice. Erased after 30 days';
COMMENT ON TABLE visitor_states IS
    'What is kept of a visitor while an event can still change it. Private; erased when the day is final';
COMMENT ON TABLE likes IS 'The latest like or unlike of each reader. Private';
COMMENT ON TABLE comments IS 'All comments, also those that wait or were removed. Private';
COMMENT ON TABLE verdicts IS 'The latest decision of the moderation on each comment';
COMMENT ON TABLE topic_hours IS 'The numbers of the site and of the pages in each hour';
COMMENT ON TABLE topic_days IS 'The numbers of the site and of the pages on each day';
COMMENT ON TABLE reading_time_hours IS 'How many page visits of an hour took how long. Topic 0: those of all pages';
COMMENT ON TABLE reading_time_days IS 'How many page visits of a day took how long. Topic 0: those of all pages';
COMMENT ON TABLE dimension_days IS 'The numbers of the sessions of each day with a value of a dimension';
COMMENT ON TABLE event_hours IS 'How often each custom event happened in an hour';
COMMENT ON TABLE day_numbers IS 'The next numbers of a day';
COMMENT ON TABLE sessions IS 'The sessions of days that are not packed';
COMMENT ON TABLE packed_sessions IS 'The sessions of final days, in columns';

-- The columns of the tables.
DO $do$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT class.relname AS table, attribute.attname AS name, texts.text
        FROM (VALUES
            ('schema_version', 'version', 'The number of steps'),

            ('site', 'id', 'Always 1'),
            ('site', 'identity', 'A random id, by which programs notice that the database is another one'),
            ('site', 'time_zone', 'The IANA name of the time zone; empty before the first event'),
            ('site', 'cutoff', 'The start of the first open day in milliseconds since 1970; null if unknown'),
            ('site', 'late_events', 'Events that came after their day was final'),
            ('site', 'first_session_day', 'The first day whose sessions are kept; null if none were erased'),
            ('site', 'last_check', 'The last time at which a program checked that it can write'),

            ('secrets', 'name', 'What the secret is for'),
            ('secrets', 'value', 'The secret'),
            ('salts', 'day', 'The day in the time zone of the site'),
            ('salts', 'salt', '32 random bytes'),

            ('topics', 'topic', 'The number of the topic; the site is 0'),
            ('topics', 'name', 'site, or blog: and the name of a page'),
            ('topics', 'visits', 'Sessions of the site, visits of a page'),
            ('topics', 'likes', 'Readers who like it now'),
            ('topics', 'comments', 'Comments that are shown now'),
            ('topics', 'comments_revision', 'Grows with each change of the shown comments'),
            ('topics', 'revision', 'Grows with each change of the totals'),
            ('custom_events', 'topic', 'The number of the topic'),
            ('custom_events', 'name', 'The name of the event'),
            ('custom_events', 'count', 'How often it happened'),

            ('event_ids', 'id', 'The id of the event'),
            ('event_ids', 'at', 'The time of the event in milliseconds since 1970; null: the one in its id'),

            ('visitor_states', 'visitor', 'The key of the visitor on a day'),
            ('visitor_states', 'topic', 'The number of the topic'),
            ('visitor_states', 'last_day', 'The day half an hour after the last event'),
            ('visitor_states', 'first_day', 'The first day with a session of the state'),
            ('visitor_states', 'state', 'The visits, encoded'),

            ('likes', 'topic', 'The number of the topic'),
            ('likes', 'reader', 'The id of the reader'),
            ('likes', 'is_liked', 'Whether the reader likes it'),
            ('likes', 'at', 'The time of the latest like or unlike in milliseconds since 1970'),
            ('likes', 'event', 'The id of its event'),

            ('comments', 'seq', 'The order of arrival'),
            ('comments', 'id', 'The id of the comment'),
            ('comments', 'slug', 'The name of the page'),
            ('comments', 'parent', 'The id of the comment to which this is a reply'),
            ('comments', 'reader', 'The id of the reader who wrote it'),
            ('comments', 'author', 'The name that the reader gave; may be empty'),
            ('comments', 'badge', 'What the application says about the author'),
            ('comments', 'body', 'The text'),
            ('comments', 'at', 'When it was written, in milliseconds since 1970'),
            ('comments', 'visibility', '0: waits for moderation, 1: shown, 2: removed'),
            ('comments', 'is_thread_shown', 'Of the first comment of a thread: whether it or a reply to it is shown'),
            ('verdicts', 'comment', 'The id of the comment'),
            ('verdicts', 'at', 'The time of the decision in milliseconds since 1970'),
            ('verdicts', 'event', 'The id of its event'),

            ('topic_hours', 'topic', 'The number of the topic'),
            ('topic_hours', 'hour', 'The start of the hour'),
            ('topic_days', 'topic', 'The number of the topic'),
            ('topic_days', 'day', 'The day in the time zone of the site'),
            ('dimension_days', 'day', 'The day in the time zone of the site'),
            ('dimension_days', 'dimension', 'The number of the dimension; the view dimensions has the names'),
            ('dimension_days', 'value', 'The value; empty if it is unknown'),

            ('reading_time_hours', 'topic', 'The number of the topic'),
            ('reading_time_hours', 'hour', 'The start of the hour'),
            ('reading_time_hours', 'bin', '0: 0 seconds; k: from 1.1^(k-1) to 1.1^k seconds'),
            ('reading_time_hours', 'visits', 'The page visits of this length'),
            ('reading_time_days', 'topic', 'The number of the topic'),
            ('reading_time_days', 'day', 'The day in the time zone of the site'),
            ('reading_time_days', 'bin', '0: 0 seconds; k: from 1.1^(k-1) to 1.1^k seconds'),
            ('reading_time_days', 'visits', 'The page visits of this length'),

            ('event_hours', 'topic', 'The number of the topic'),
            ('event_hours', 'hour', 'The start of the hour'),
            ('event_hours', 'name', 'The name of the event'),
            ('event_hours', 'count', 'How often it happened'),

            ('day_numbers', 'day', 'The day in the time zone of the site'),
            ('day_numbers', 'kind', '0: sessions, 1: visitors, 2 and more: values of a dimension'),
            ('day_numbers', 'next', 'The next number, or how many values there are'),
            ('sessions', 'day', 'The day on which the session started'),
            ('sessions', 'number', 'The number of the session on this day'),
            ('sessions', 'visitor', 'The number of the visitor on this day, which means nothing on another day'),
            ('sessions', 'session', 'The session, encoded'),
            ('packed_sessions', 'id', 'The number of the part'),
            ('packed_sessions', 'day', 'The day on which the sessions started'),
            ('packed_sessions', 'count', 'How many sessions the part has'),
            ('packed_sessions', 'sessions', 'The sessions without their pages, encoded'),
            ('packed_sessions', 'pages', 'The pages of the sessions, encoded')
        ) AS texts (table_name, name, text)
        JOIN pg_class class ON class.relname = texts.table_name
        JOIN pg_namespace namespace ON namespace.oid = class.relnamespace
        JOIN pg_attribute attribute ON attribute.attrelid = class.oid AND attribute.attname = texts.name
        WHERE namespace.nspname = current_schema()
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', item.table, item.name, item.text);
    END LOOP;

    FOR item IN
        SELECT tables.name AS table, texts.name, texts.text
        FROM unnest(ARRAY['topic_hours', 'topic_days', 'dimension_days']) AS tables (name), (VALUES
            ('pageviews', 'Pages that were opened'),
            ('visits', 'Page visits of a page; sessions of the site or a dimension'),
            ('keyed_visits', 'The visits of visitors with a key'),
            ('visitors', 'Distinct visitors with a pageview'),
            ('seconds', 'Seconds that pages were visible'),
            ('finished', 'Keyed page visits in which the end of the page was on screen; 0 for sessions'),
            ('bounces', 'Keyed sessions with at most one pageview and no interaction; 0 for pages'),
            ('duration', 'Seconds from the start to the last event of the keyed sessions; 0 for pages'),
            ('likes', 'Likes of readers who like it now; 0 for dimensions'),
            ('comments', 'Comments that are shown now; 0 for dimensions')
        ) AS texts (name, text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', item.table, item.name, item.text);
    END LOOP;
END
$do$;
