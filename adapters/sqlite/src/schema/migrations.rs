/// The steps of the schema, each from one version to the next. Never change a released step. Keep an index that a
/// released statement names: a process of an earlier version may still run it.
pub(super) const STEPS: &[&str] = &[
    "
    -- Which events were counted.
    CREATE TABLE counted (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX counted_at ON counted (at);

    -- The totals.
    CREATE TABLE topics (
        topic INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        visits INTEGER NOT NULL DEFAULT 0,
        likes INTEGER NOT NULL DEFAULT 0,
        comments INTEGER NOT NULL DEFAULT 0,
        comments_revision INTEGER NOT NULL DEFAULT 0,
        revision INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- When a visitor was last seen.
    CREATE TABLE visitors (
        topic INTEGER NOT NULL REFERENCES topics,
        visitor BLOB NOT NULL CHECK (length(visitor) = 16),
        at INTEGER NOT NULL,
        PRIMARY KEY (topic, visitor)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visitors_at ON visitors (at);

    -- Who likes what.
    CREATE TABLE likes (
        topic INTEGER NOT NULL REFERENCES topics,
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        PRIMARY KEY (topic, reader)
    ) STRICT, WITHOUT ROWID;

    -- seq is the order of arrival.
    CREATE TABLE comments (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
        slug TEXT NOT NULL,
        parent BLOB REFERENCES comments (id),
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        at INTEGER NOT NULL,
        visibility INTEGER NOT NULL CHECK (visibility IN (0, 1, 2))
    ) STRICT;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE parent IS NULL;
    CREATE INDEX comments_replies ON comments (parent, seq) WHERE parent IS NOT NULL;
    CREATE INDEX comments_newest ON comments (slug, visibility, seq);
    CREATE INDEX comments_desk ON comments (visibility, seq);

    CREATE TABLE salts (
        day INTEGER PRIMARY KEY,
        salt BLOB NOT NULL CHECK (length(salt) = 32)
    ) STRICT;
",
    "
    -- The last word of a reader and when it was said, so that an earlier one that comes late changes nothing.
    ALTER TABLE likes ADD COLUMN likes INTEGER NOT NULL DEFAULT 1 CHECK (likes IN (0, 1));
    ALTER TABLE likes ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE likes ADD COLUMN event BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' \
        CHECK (length(event) = 16);
    CREATE INDEX likes_taken_back ON likes (at) WHERE likes = 0;

    -- When the last verdict on a comment was given.
    CREATE TABLE verdicts (
        comment BLOB NOT NULL PRIMARY KEY CHECK (length(comment) = 16),
        at INTEGER NOT NULL,
        event BLOB NOT NULL CHECK (length(event) = 16)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Whether a thread shows: its head does, or a reply to it. Heads carry it. Triggers keep it, so that a process of
    -- the version before, which may still write to the file, keeps it too.
    ALTER TABLE comments ADD COLUMN shows INTEGER NOT NULL DEFAULT 0 CHECK (shows IN (0, 1));
    UPDATE comments SET shows = 1 WHERE parent IS NULL AND visibility = 1;
    UPDATE comments SET shows = 1 WHERE id IN
        (SELECT parent FROM comments WHERE parent IS NOT NULL AND visibility = 1);
    CREATE TRIGGER comments_add AFTER INSERT ON comments WHEN new.visibility = 1 BEGIN
        UPDATE comments SET shows = 1 WHERE id = coalesce(new.parent, new.id);
    END;
    CREATE TRIGGER comments_moderate AFTER UPDATE OF visibility ON comments BEGIN
        UPDATE comments SET shows = visibility = 1 OR EXISTS
            (SELECT 1 FROM comments AS reply WHERE reply.parent = comments.id AND reply.visibility = 1)
        WHERE id = coalesce(new.parent, new.id);
    END;

    -- Each query of comments has an index of which it reads only what it returns.
    DROP INDEX comments_threads;
    DROP INDEX comments_replies;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE shows = 1;
    CREATE INDEX comments_replies ON comments (parent, visibility, seq) WHERE parent IS NOT NULL;
",
    "
    -- How often each custom event happened. Topics without any are not looked up.
    ALTER TABLE topics ADD COLUMN event_names INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE custom_events (
        topic INTEGER NOT NULL REFERENCES topics,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (topic, name)
    ) STRICT, WITHOUT ROWID;

    -- What the application says about the author.
    ALTER TABLE comments ADD COLUMN badge TEXT;
",
];
