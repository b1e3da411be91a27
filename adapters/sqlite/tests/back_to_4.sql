-- Reverts the step from version 4 to 5. Visitors were last seen at their last event.
DROP VIEW counted;
ALTER TABLE counted_events RENAME TO counted;
CREATE TABLE visitors (
    topic INTEGER NOT NULL REFERENCES topics,
    visitor BLOB NOT NULL CHECK (length(visitor) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (topic, visitor)
) STRICT, WITHOUT ROWID;
CREATE INDEX visitors_at ON visitors (at);
INSERT INTO visitors SELECT topic, visitor, last FROM visitor_states;
DROP TABLE site;
DROP TABLE visitor_states;
DROP TABLE topic_hours;
DROP TABLE topic_days;
DROP TABLE dimension_days;
DROP TABLE event_hours;
DROP TABLE day_numbers;
DROP TABLE sessions;
DROP TABLE packed_sessions;
ALTER TABLE topics DROP COLUMN undated_visits;
ALTER TABLE topics DROP COLUMN undated_likes;
ALTER TABLE topics DROP COLUMN undated_comments;
ALTER TABLE custom_events DROP COLUMN undated;
ALTER TABLE likes DROP COLUMN is_dated;
ALTER TABLE comments DROP COLUMN is_dated;
PRAGMA user_version = 4;
