use std::sync::Arc;

use super::{PackedSessions, SessionColumns, SessionColumnsError};
use crate::reports::{DayRange, Dimension, PageRow, SessionId, SessionRow};
use crate::{Day, Slug, Timestamp};

const DAY: Day = Day::from_number(20_600);

fn session(number: u32, visitor: Option<u32>, start: i64, length: i64) -> SessionRow {
    SessionRow {
        id: SessionId { day: DAY, number },
        visitor,
        start: Timestamp::from_millis(start),
        last: Timestamp::from_millis(start.wrapping_add(length)),
        pageviews: 1 + number % 3,
        seconds: number * 100,
        is_interactive: number % 2 == 1,
        values: std::array::from_fn(|dimension| Arc::from(format!("{dimension}-{}", number % 4))),
        pages: Vec::new(),
    }
}

fn page(name: &str, starts: &[i64]) -> PageRow {
    PageRow {
        page: Slug::new(name).unwrap(),
        starts: starts.iter().copied().map(Timestamp::from_millis).collect(),
        pageviews: 70_000,
        seconds: 3,
        finished: 1,
    }
}

/// Returns sessions with the values at the ends of each range.
fn sessions() -> Vec<SessionRow> {
    let mut rows = vec![
        session(0, Some(7), 1_780_000_000_000, 5_000),
        session(1, None, 1_780_000_100_000, 0),
        session(2, Some(3), 1_780_000_050_000, 90 * 24 * 3600 * 1000),
        session(3, Some(7), 1_780_000_000_000, 0),
        session(u32::MAX / 100, Some(u32::MAX), i64::MIN, -1),
        session(5, Some(0), i64::MAX, 0),
    ];
    rows[0].pages = vec![page("a", &[1_780_000_000_000, 1_780_003_000_000]), page("ü", &[5])];
    rows[1].pages = vec![page("a", &[1_780_000_100_000])];
    rows[5].pages = vec![page("/", &[i64::MIN, i64::MAX]), page("b", &[])];
    rows[2].pageviews = u32::MAX;
    rows.sort_by_key(|row| row.id);
    rows
}

#[test]
fn packing_loses_nothing() {
    for rows in [sessions(), sessions().split_off(5), Vec::new()] {
        let packed = PackedSessions::new(DAY, rows.iter().rev().cloned().collect()).unwrap();
        let columns = SessionColumns::new(&packed.sessions, Some(&packed.pages)).unwrap();
        assert_eq!((columns.day(), columns.len()), (DAY, rows.len()));
        assert_eq!(columns.to_rows().unwrap(), rows);
    }
}

#[test]
fn sessions_of_another_day_or_without_their_pages_are_an_error() {
    assert_eq!(
        PackedSessions::new(DAY.next(), sessions()),
        Err(SessionColumnsError::SeveralDays)
    );
    let packed = PackedSessions::new(DAY, sessions()).unwrap();
    let columns = SessionColumns::new(&packed.sessions, None).unwrap();
    assert_eq!(columns.to_rows(), Err(SessionColumnsError::NoPages));
    let fewer = PackedSessions::new(DAY, sessions().split_off(1)).unwrap();
    let mixed = SessionColumns::new(&packed.sessions, Some(&fewer.pages));
    assert_eq!(mixed.unwrap_err(), SessionColumnsError::Damaged);
}

#[test]
fn an_unknown_version_is_named() {
    let mut packed = PackedSessions::new(DAY, sessions()).unwrap();
    packed.sessions[0] = 9;
    let error = SessionColumns::new(&packed.sessions, None).unwrap_err();
    assert_eq!(error, SessionColumnsError::Version(9));
}

#[test]
fn a_part_that_ends_early_or_late_is_an_error() {
    let packed = PackedSessions::new(DAY, sessions()).unwrap();
    for len in 0..packed.sessions.len() {
        assert!(SessionColumns::new(&packed.sessions[..len], None).is_err(), "{len}");
    }
    for len in 0..packed.pages.len() {
        assert!(
            SessionColumns::new(&packed.sessions, Some(&packed.pages[..len])).is_err(),
            "{len}"
        );
    }
    let longer = [packed.sessions.as_slice(), &[0]].concat();
    assert!(SessionColumns::new(&longer, None).is_err());
}

#[test]
fn damaged_bytes_never_panic() {
    use crate::reports::{Capabilities, Filter, FilterOperator, Metric, Query, SiteTimeZone, answer};

    let packed = PackedSessions::new(DAY, sessions()).unwrap();
    let mut random = fastrand::Rng::with_seed(15);
    let query = Query::new(DayRange::new(DAY, DAY))
        .metrics([Metric::Visitors, Metric::Visits, Metric::TimeOnPage])
        .dimensions([Dimension::Page, Dimension::Hour])
        .filter(Filter::new(Dimension::Browser, FilterOperator::IsNot, ["x"]));
    for _ in 0..20_000 {
        let mut damaged = packed.clone();
        let part = if random.bool() {
            &mut damaged.sessions
        } else {
            &mut damaged.pages
        };
        for _ in 0..random.usize(1..4) {
            let position = random.usize(..part.len());
            part[position] = if random.bool() { random.u8(..) } else { 0xff };
        }
        if let Ok(columns) = SessionColumns::new(&damaged.sessions, Some(&damaged.pages)) {
            let _ = columns.to_rows();
            let reader = OnePart(columns);
            let _ = answer(&reader, &query, &SiteTimeZone::utc(), &Capabilities::ALL, None);
        }
    }
}

#[test]
fn more_rows_than_bytes_are_an_error() {
    let packed = PackedSessions::new(DAY, vec![session(0, None, 0, 0)]).unwrap();
    let mut bytes = packed.sessions;
    // The number of rows follows the version, the day and the first start.
    bytes[17..21].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        SessionColumns::new(&bytes, None).unwrap_err(),
        SessionColumnsError::Damaged
    );
}

/// A part has at most 60 bytes per session on a day with 11,000 sessions and 200 pages, of which a session has two.
#[test]
fn a_session_takes_at_most_60_bytes() {
    let mut random = fastrand::Rng::with_seed(15);
    let names: Vec<Arc<str>> = (0..200).map(|n| format!("posts/some-article-{n}").into()).collect();
    let rows = (0..11_000).map(|number| {
        let start = 1_780_000_000_000 + random.i64(0..86_400_000);
        let mut row = session(number, Some(random.u32(0..9_000)), start, random.i64(0..600_000));
        row.seconds = random.u32(0..1_000);
        row.pages = (0..2)
            .map(|_| {
                let mut page = page(&names[random.usize(..200)], &[start + random.i64(0..600_000)]);
                (page.pageviews, page.seconds) = (1, random.u32(0..500));
                page
            })
            .collect();
        row.values = std::array::from_fn(|dimension| match dimension {
            0 | 1 => names[random.usize(..200)].clone(),
            _ => format!("{dimension} with number {}", random.u8(..50)).into(),
        });
        row
    });
    let packed = PackedSessions::new(DAY, rows.collect()).unwrap();
    let bytes = packed.sessions.len() + packed.pages.len();
    assert!(bytes <= 60 * 11_000, "{} bytes per session", bytes / 11_000);
}

/// A store with one part of sessions.
struct OnePart<'a>(SessionColumns<'a>);

impl crate::reports::ReportReader for OnePart<'_> {
    type Error = std::convert::Infallible;

    fn topic_buckets(
        &self,
        _: &crate::reports::TopicBucketSelection<'_>,
        _: &mut dyn FnMut(crate::reports::TopicBucket<'_>),
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn dimension_buckets(
        &self,
        _: &crate::reports::DimensionBucketSelection,
        _: &mut dyn FnMut(crate::reports::DimensionBucket<'_>),
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn event_buckets(
        &self,
        _: &crate::reports::EventBucketSelection<'_>,
        _: &mut dyn FnMut(crate::reports::EventBucket<'_>),
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn sessions(&self, _: DayRange, _: bool, each: &mut dyn FnMut(&SessionColumns<'_>)) -> Result<(), Self::Error> {
        each(&self.0);
        Ok(())
    }
}
