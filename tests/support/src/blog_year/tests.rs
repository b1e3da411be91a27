use std::{fs, time::Instant};

use horizon_core::reports::{DayRange, Metric, Query, Reports as _, Value};
use horizon_sqlite::SqliteStore;

use super::*;

/// 2026-11-26, 16:40 UTC: a Thursday.
const NOW: Timestamp = Timestamp::from_millis(1_795_711_200_000);

fn year() -> BlogYear {
    BlogYear::new(NOW, 2_000, SEED).unwrap()
}

#[test]
fn equal_seeds_give_equal_years() {
    let events = |seed| BlogYear::new(NOW, 300, seed).unwrap().events().unwrap();
    assert_eq!(events(1), events(1));
    assert_ne!(events(1), events(2));
}

#[test]
fn sessions_end_before_now_and_within_their_day() {
    let year = year();
    assert_eq!(year.today().to_string(), "2026-11-26");
    assert_eq!(year.peak().to_string(), "2026-11-24");
    assert!(year.published_on(year.today().previous()).is_some());
    for session in &year.sessions {
        assert!(
            session.end() < NOW && session.start().day() == session.end().day(),
            "{session:?}"
        );
    }
    assert!(
        (1_990..=2_000).contains(&year.all_sessions().visits()),
        "{}",
        year.sessions.len()
    );
}

/// The store counts the events as the year counts its sessions.
#[tokio::test]
async fn a_database_has_the_numbers_of_the_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("year.db");
    let (year, start) = (year(), Instant::now());
    year.write_database(&path).await.unwrap();
    println!("{:?} for {} bytes", start.elapsed(), fs::metadata(&path).unwrap().len());
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.verify().await.unwrap(), []);
    for days in [1, 30, 365] {
        let range = DayRange::ending(year.today(), days);
        let sessions = year.sessions(range);
        let (bounces, finished) = (sessions.bounce_rate(), sessions.finished_share());
        let query = Query::new(range).metrics([
            Metric::Visitors,
            Metric::Visits,
            Metric::Pageviews,
            Metric::BounceRate,
            Metric::FinishedShare,
            Metric::Likes,
            Metric::Comments,
            Metric::Events,
        ]);
        let table = store.query(&query).await.unwrap();
        let count = |count: u64| Value::Count(i64::try_from(count).unwrap());
        let share = |share: Share| Value::Ratio {
            numerator: i64::try_from(share.numerator).unwrap(),
            denominator: i64::try_from(share.denominator).unwrap(),
        };
        assert_eq!(
            table.rows[0].metrics,
            [
                count(sessions.visitors()),
                count(sessions.visits()),
                count(sessions.pageviews()),
                share(bounces),
                share(finished),
                count(sessions.actions(|action| *action == Action::Like)),
                count(sessions.actions(|action| matches!(action, Action::Comment(..)))),
                count(sessions.actions(|action| matches!(action, Action::Custom(_)))),
            ],
            "{days} days"
        );
    }
    store.close().await.unwrap();
}
