use horizon_core::{CommentStore, EventId, EventName, ReaderId, VISIT_GAP, Visibility};

use super::*;
use crate::schema;

/// What a store of version 4 may have: totals, a visitor who was last seen at `NOW`, likes, a comment, custom events.
const VERSION_4: &str = "
    INSERT INTO topics (topic, name, visits, likes, comments, revision, event_names) VALUES
        (1, 'site', 9, 0, 0, 9, 0), (2, 'blog:hello', 7, 2, 1, 10, 1);
    INSERT INTO visitors (topic, visitor, at) VALUES (2, x'00000000000000000000000000000007', 1800000000000);
    INSERT INTO likes (topic, reader, likes, at, event) VALUES
        (2, x'00000000000000000000000000000001', 1, 5, zeroblob(16)),
        (2, x'00000000000000000000000000000002', 1, 5, zeroblob(16));
    INSERT INTO comments (id, slug, reader, author, body, at, visibility) VALUES
        (x'00000000000000000000000000000003', 'hello', zeroblob(16), 'Ada', 'text', 5, 1);
    INSERT INTO custom_events (topic, name, count) VALUES (2, 'download', 3);";

/// Opens a file of version 4. Returns a connection of a process of that version, too.
fn migrated() -> (ReportFixture, Connection) {
    let (folder, old) = version_4();
    (ReportFixture::open(folder), old)
}

/// Returns a folder with a file of version 4, and a connection of a process of that version.
fn version_4() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let old = Connection::open(folder.path().join("horizon.db")).unwrap();
    schema::create(&old, 4).unwrap();
    old.execute_batch(VERSION_4).unwrap();
    (folder, old)
}

#[tokio::test]
async fn totals_of_version_4_are_undated_and_stay() {
    let (fixture, _) = migrated();
    let stats = fixture.store.total(&page("hello")).await.unwrap().stats;
    assert_eq!((stats.visits, stats.likes, stats.comments), (7, 2, 1));
    assert_eq!(stats.events.get("download"), 3);
    assert_eq!(fixture.visits(Topic::Site).await, 9);
    assert_eq!(fixture.verify().await, []);
    assert_eq!(fixture.number("SELECT count(*) FROM topic_hours"), 0);
}

#[tokio::test]
async fn a_visitor_of_version_4_who_is_still_there_makes_no_new_visit() {
    let (mut fixture, _) = migrated();
    let undated = "SELECT undated_visits FROM topics WHERE name = 'blog:hello'";
    fixture
        .visit(NOW.plus(VISIT_GAP), 7, "hello", VisitCause::Beat, 60)
        .await;
    assert_eq!(fixture.visits(page("hello")).await, 7);
    assert_eq!(fixture.number(undated), 7);
    fixture
        .visit(NOW.plus(VISIT_GAP * 3), 7, "hello", VisitCause::Beat, 60)
        .await;
    assert_eq!(fixture.visits(page("hello")).await, 8);
    assert_eq!(fixture.number(undated), 7);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn a_like_of_version_4_is_undated_until_the_reader_likes_again() {
    let (mut fixture, _) = migrated();
    let like = |reader, likes| {
        let reader = ReaderId::from_u128(reader);
        if likes {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        }
    };
    let undated = "SELECT undated_likes FROM topics WHERE name = 'blog:hello'";
    fixture.apply(NOW, page("hello"), like(1, false)).await;
    assert_eq!(fixture.number(undated), 1);
    fixture.apply(NOW, page("hello"), like(2, true)).await;
    assert_eq!(fixture.number(undated), 0);
    assert_eq!(fixture.number("SELECT likes FROM topic_days"), 1);
    assert_eq!(fixture.store.total(&page("hello")).await.unwrap().stats.likes, 1);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn a_comment_of_version_4_is_undated_also_when_it_is_hidden_and_shown_again() {
    let (mut fixture, _) = migrated();
    let comment = EventId::from_u128(3);
    assert!(fixture.store.comment(comment).await.unwrap().is_some());
    let undated = "SELECT undated_comments FROM topics WHERE name = 'blog:hello'";
    for (verdict, expected) in [(Visibility::Removed, 0), (Visibility::Shown, 1)] {
        let at = NOW.plus(MINUTE * u32::try_from(expected).unwrap());
        fixture
            .apply(at, page("hello"), EventKind::Moderate { comment, verdict })
            .await;
        assert_eq!(fixture.number(undated), expected);
        assert_eq!(fixture.verify().await, []);
    }
    assert_eq!(fixture.number("SELECT count(*) FROM topic_days"), 0);
}

#[tokio::test]
async fn custom_events_of_version_4_are_undated_and_new_ones_are_dated() {
    let (mut fixture, _) = migrated();
    let name = EventName::new("download").unwrap();
    let kind = EventKind::Custom {
        name,
        properties: Default::default(),
    };
    fixture.apply(NOW, page("hello"), kind).await;
    let stats = fixture.store.total(&page("hello")).await.unwrap().stats;
    assert_eq!(stats.events.get("download"), 4);
    assert_eq!(fixture.number("SELECT undated FROM custom_events"), 3);
    assert_eq!(fixture.number("SELECT count FROM event_hours"), 1);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn visitors_of_version_4_are_erased_also_without_a_new_event() {
    let (fixture, _) = migrated();
    let states = "SELECT count(*) FROM visitor_states";
    fixture.store.expire(NOW.plus(MINUTE * 60 * 24)).await.unwrap();
    assert_eq!(fixture.number(states), 1);
    fixture.store.expire(NOW.plus(MINUTE * 60 * 24 * 4)).await.unwrap();
    assert_eq!(fixture.number(states), 0);
    assert_eq!(fixture.visits(page("hello")).await, 7);
}

#[test]
fn a_process_of_version_4_that_still_runs_fails_with_a_clear_error() {
    const COUNT: &str = "INSERT INTO counted (id, at) VALUES (randomblob(16), 5) ON CONFLICT DO NOTHING";
    let (folder, old) = version_4();
    // A statement of the process that is prepared already, and is the first one of each event.
    let mut prepared = old.prepare(COUNT).unwrap();
    prepared.execute([]).unwrap();
    let _fixture = ReportFixture::open(folder);
    let errors = [prepared.execute([]).unwrap_err(), old.prepare(COUNT).unwrap_err()];
    for error in errors.map(|error| error.to_string()) {
        assert!(error.contains("restart this process with the new program"), "{error}");
    }
    // The broken view does not get in the way of maintenance.
    old.execute_batch("VACUUM; PRAGMA optimize = 0x10002; PRAGMA integrity_check; ANALYZE")
        .unwrap();
}
