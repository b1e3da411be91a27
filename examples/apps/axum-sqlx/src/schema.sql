CREATE TABLE IF NOT EXISTS articles (
    path text PRIMARY KEY,
    title text NOT NULL,
    body text NOT NULL
);

CREATE TABLE IF NOT EXISTS users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (char_length(name) <= 80), -- as long as that of an author of comments
    staff boolean NOT NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '30 days'
);

INSERT INTO articles (path, title, body) VALUES
    ('/', 'Welcome', 'The first page.'),
    ('/docs/guide/intro', 'Introduction', 'How to begin.'),
    ('/café', 'Café', 'Open from eight to six.')
ON CONFLICT DO NOTHING;

INSERT INTO users (name, staff) VALUES ('Ada', false), ('Grace', true) ON CONFLICT DO NOTHING;
