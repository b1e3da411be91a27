use std::fmt::Write as _;

use horizon_core::Day;

use super::super::packing::{LooseSessions, PART_SESSIONS};
use super::*;
use crate::sql::{Db, reports as sql};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The key of a visitor, as no other bytes are.
const KEY: u128 = 0xd1b5_4a32_d192_ed03_9f1c_6e5b_70a8_42c7;

impl ReportFixture {
    /// Returns the files that contain the key, in binary, or as text in hexadecimal or decimal digits.
    fn files_with_key(&self) -> Vec<String> {
        let big = KEY.to_be_bytes();
        let mut hex = String::new();
        for byte in big {
            write!(hex, "{byte:02x}").unwrap();
        }
        let texts = [hex.to_uppercase(), hex, KEY.to_string()].map(String::into_bytes);
        // Also the halves: a part of a key at rest may identify it.
        let halves = [big[..8].to_vec(), big[8..].to_vec()];
        let little = KEY.to_le_bytes();
        let little = [little[..8].to_vec(), little[8..].to_vec()];
        let needles: Vec<Vec<u8>> = texts.into_iter().chain(halves).chain(little).collect();
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let found = paths.filter(|path| {
            let bytes = std::fs::read(path).unwrap();
            needles.iter().any(|needle| contains(&bytes, needle))
        });
        found.map(|path| path.display().to_string()).collect()
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_visitor_key_is_in_the_files_until_its_day_is_closed_and_expire_ran() {
    let mut fixture = ReportFixture::new();
    for minutes in 0..4 {
        // Other visitors, so that pages split and rows move.
        for visitor in 0..40 {
            fixture
                .visit(NOW.plus(MINUTE * minutes), visitor, "hello", VisitCause::Open, 9)
                .await;
        }
        fixture
            .visit(NOW.plus(MINUTE * minutes), KEY, "hello", VisitCause::Open, 9)
            .await;
    }
    assert_ne!(fixture.files_with_key(), [""; 0]);
    fixture.store.expire(NOW.plus(DAY * 2)).await.unwrap();
    assert_ne!(fixture.files_with_key(), [""; 0]);
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.files_with_key(), [""; 0]);
    assert_eq!(fixture.number("SELECT count(*) FROM visitor_states"), 0);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn sessions_of_closed_days_are_packed_and_late_ones_join_them() {
    let mut fixture = ReportFixture::new();
    let counts = "SELECT (SELECT count(*) FROM sessions) * 100 + (SELECT coalesce(sum(count), 0) FROM packed_sessions)";
    for visitor in 0..5 {
        fixture.visit(NOW, visitor, "hello", VisitCause::Open, 9).await;
    }
    fixture.store.expire(NOW.plus(DAY * 2)).await.unwrap();
    assert_eq!(fixture.number(counts), 500);
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.number(counts), 5);
    assert_eq!(fixture.verify().await, []);
    fixture.visit(NOW, 1, "about", VisitCause::Open, 9).await;
    assert_eq!(fixture.number(counts), 105);
    assert_eq!(fixture.verify().await, []);
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.number(counts), 6);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn a_session_that_lasts_for_days_is_packed_after_its_end() {
    let mut fixture = ReportFixture::new();
    // Day 0 closes while the session that began on it continues.
    for half_hours in 0..150 {
        let at = NOW.plus(MINUTE * 30 * half_hours);
        fixture.visit(at, 1, "hello", VisitCause::Beat, 9).await;
    }
    fixture.visit(NOW.plus(MINUTE), 2, "hello", VisitCause::Open, 9).await;
    fixture
        .visit(NOW.plus(DAY + MINUTE), 3, "hello", VisitCause::Open, 9)
        .await;
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    // Later days are packed.
    assert_eq!(
        fixture.number("SELECT day FROM packed_sessions"),
        NOW.day().next().number()
    );
    assert_eq!(fixture.number("SELECT count(*) FROM sessions"), 2);
    fixture
        .visit(NOW.plus(MINUTE * 30 * 150), 1, "hello", VisitCause::End, 9)
        .await;
    assert_eq!(fixture.verify().await, []);
    fixture.store.expire(NOW.plus(DAY * 9)).await.unwrap();
    assert_eq!(fixture.number("SELECT sum(count) FROM packed_sessions"), 3);
    assert_eq!(fixture.number("SELECT count(*) FROM sessions"), 0);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn sessions_of_a_large_day_are_packed_in_parts_and_late_ones_join_the_last() {
    let mut fixture = ReportFixture::new();
    let opens = |fixture: &mut ReportFixture, count: usize| {
        let visit = EventKind::visit(None);
        let event = |_| fixture.event(NOW, Topic::Site, visit.clone());
        (0..count).map(event).collect::<Vec<_>>()
    };
    let events = opens(&mut fixture, PART_SESSIONS + 7);
    fixture.store.apply(&events).await.unwrap();
    let parts = "SELECT count(*) * 100000 + coalesce(max(count), 0) FROM packed_sessions";
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.number(parts), 210_000);
    let late = opens(&mut fixture, 3);
    fixture.store.apply(&late).await.unwrap();
    fixture.store.expire(NOW.plus(DAY * 4)).await.unwrap();
    assert_eq!(fixture.number(parts), 210_000);
    assert_eq!(fixture.number("SELECT min(count) FROM packed_sessions"), 10);
    assert_eq!(fixture.number("SELECT count(*) FROM sessions"), 0);
    assert_eq!(fixture.verify().await, []);
}

#[tokio::test]
async fn a_part_has_all_sessions_of_a_visitor() {
    let mut fixture = ReportFixture::new();
    for hour in 0..3 {
        for visitor in 1..=3 {
            fixture
                .visit(NOW.plus(MINUTE * 60 * hour), visitor, "hello", VisitCause::Open, 9)
                .await;
        }
        fixture.apply(NOW, Topic::Site, EventKind::visit(None)).await;
    }
    let db = fixture.sql();
    let mut statement = Db::new(&db).prepare(sql::LOOSE_SESSIONS).unwrap();
    let mut sessions = LooseSessions::new(statement.query([NOW.day().number()]).unwrap());
    let mut parts = Vec::new();
    loop {
        let part = sessions.next_part(2).unwrap();
        if part.is_empty() {
            break;
        }
        parts.push(part.iter().map(|session| session.visitor).collect::<Vec<_>>());
    }
    let of = |visitor| vec![Some(visitor); 3];
    let mixed = vec![None, Some(0), Some(0), Some(0)];
    assert_eq!(parts, [vec![None; 2], mixed, of(1), of(2)]);
}

#[tokio::test]
async fn erased_sessions_do_not_come_back() {
    let mut fixture = ReportFixture::new();
    fixture.visit(NOW, 1, "hello", VisitCause::Open, 9).await;
    fixture.visit(NOW.plus(DAY * 3), 1, "hello", VisitCause::Open, 9).await;
    let first = Day::from_number(NOW.day().number() + 1);
    assert_eq!(fixture.store.expire_sessions(first, true).await.unwrap(), 1);
    assert_eq!(fixture.store.status().await.unwrap().first_session_day, None);
    assert_eq!(fixture.store.expire_sessions(first, false).await.unwrap(), 1);
    assert_eq!(fixture.store.status().await.unwrap().first_session_day, Some(first));
    fixture.visit(NOW, 2, "hello", VisitCause::Open, 9).await;
    assert_eq!(fixture.number("SELECT count(*) FROM sessions"), 1);
    assert_eq!(fixture.store.expire_sessions(first, false).await.unwrap(), 0);
    assert_eq!(fixture.verify().await, []);
}
