use std::time::Duration;

use crate::reports::{DayRange, Dimension, Filter, FilterOperator, Metric, ReportError};
use crate::testing::event_factory::page_topic;
use crate::testing::{StoreHarness, Violation, expect_eq};
use crate::{Day, Topic};

use super::comparison::{ReportComparison, WantedRows, reports};
use super::visit_factory::VisitFactory;

/// The minutes of a day.
const DAY: i64 = 24 * 60;

/// A visit after its day is closed is a late event. With the cause `open` it is a pageview and a visit, but no visitor;
/// its seconds are added; nothing else counts.
pub async fn a_late_event_counts_without_its_visitor(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    let first = [
        factory.arrival(1, 0, "a", "one")?,
        factory.open(&page, 1, 0),
        factory.open(&Topic::Site, 2, 2 * DAY),
    ];
    comparison.apply(&first).await?;
    comparison.expect_status().await?;
    let late = [
        factory.arrival(1, 1, "a", "one")?,
        factory.arrival(3, 1, "b", "one")?,
        factory.open(&page, 3, 1),
        factory.beat(&page, 1, 2, 30),
        factory.beat(&Topic::Site, 1, 2, 30),
        factory.beat(&Topic::Site, 0, 2, 30),
        factory.open(&Topic::Site, 0, 2),
    ];
    comparison.apply(&late).await?;
    comparison.expect_status().await?;
    let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Seconds];
    let of_site = factory.query((0, 0), metrics, []);
    comparison
        .expect_rows("the site", &of_site, &[("", &[1, 4, 4, 30])])
        .await?;
    let metrics = [Metric::Visitors, Metric::PageVisits, Metric::Pageviews, Metric::Seconds];
    let by_page = factory.query((0, 0), metrics, [Dimension::Page]);
    comparison
        .expect_rows("the page", &by_page, &[("one", &[1, 2, 2, 30])])
        .await?;
    let by_source = factory.query((0, 0), [Metric::Visits, Metric::Visitors], [Dimension::Source]);
    let rows: WantedRows<'_> = &[("a", &[2, 1]), ("", &[1, 0]), ("b", &[1, 0])];
    comparison.expect_rows("the sources", &by_source, rows).await?;
    let bounces = factory.query((0, 0), [Metric::BounceRate, Metric::AnonymousShare], []);
    comparison.expect_answer(&bounces).await?;
    comparison.expect_totals().await
}

/// A visit that goes on when the day of its start closes stays one visit, on that day. Events of the open day extend
/// it, and those of the closed day are late. It is still one when that day closes, too.
pub async fn a_visit_goes_on_after_its_day_is_closed(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let (page, midnight) = (page_topic("one")?, DAY - 8 * 60);
    let (first, next) = (midnight - 10, midnight + 15);
    let start = [
        factory.arrival(1, first, "a", "one")?,
        factory.open(&page, 1, first),
        factory.beat(&Topic::Site, 1, midnight - 5, 300),
        factory.beat(&page, 1, midnight - 5, 300),
    ];
    comparison.apply(&start).await?;
    // 24 hours after the end of the day, it closes.
    comparison
        .apply(&[factory.open(&Topic::Site, 2, midnight + DAY)])
        .await?;
    comparison.expect_status().await?;
    comparison.expire(factory.minute(midnight + DAY)).await?;
    let rest = [
        factory.beat(&page, 1, next, 600),
        factory.beat(&Topic::Site, 1, next, 600),
        factory.beat(&Topic::Site, 1, midnight - 1, 7),
        factory.arrival(1, next + 20, "b", "one")?,
        factory.open(&page, 1, next + 20),
    ];
    for event in rest {
        comparison.apply(&[event]).await?;
        comparison.expect_totals().await?;
    }
    comparison.expect_status().await?;
    let metrics = [Metric::Visits, Metric::Visitors, Metric::Seconds, Metric::VisitDuration];
    let by_day = factory.query((0, 1), metrics, [Dimension::Day]);
    let rows: WantedRows<'_> = &[("2027-01-15", &[1, 1, 907, 45 * 60]), ("2027-01-16", &[0, 1, 0, 0])];
    comparison.expect_rows("the days", &by_day, rows).await?;
    let by_source = factory.query((0, 1), [Metric::Visits, Metric::Pageviews], [Dimension::Source]);
    comparison
        .expect_rows("the sources", &by_source, &[("a", &[1, 2])])
        .await?;
    // The second day closes, and the visitor comes back.
    let end = [
        factory.open(&Topic::Site, 2, midnight + 2 * DAY),
        factory.open(&Topic::Site, 1, midnight + 2 * DAY - 1),
    ];
    comparison.apply(&end).await?;
    comparison.expire(factory.minute(midnight + 4 * DAY)).await?;
    comparison.expect_status().await?;
    comparison.expect_totals().await?;
    let range = DayRange::new(factory.day(0), factory.day(3));
    comparison.expect_answers(6, range, 60).await
}

/// A day closes when the newest event is 24 hours past its end, or when [`expire`](crate::StatsStore::expire) runs 48
/// hours past its end. It never opens again.
pub async fn expire_closes_days(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let before = comparison.status().await?.open_since;
    expect_eq("the first open day before the first event", &before, &None)?;
    let millis = 16 * 60 * 60 * 1000;
    let midnight = factory.minute(0).plus(Duration::from_millis(millis));
    let steps = [
        ("the last instant of the next day", 24, 1, false),
        ("the end of the next day", 24, 0, true),
    ];
    for (visitor, (what, hours, early, is_late)) in (1..).zip(steps) {
        let (open, beat) = (
            factory.open(&Topic::Site, visitor, 0),
            factory.beat(&Topic::Site, visitor, 1, 9),
        );
        comparison.apply(&[open]).await?;
        let now = midnight
            .plus(Duration::from_secs(hours * 3600 * 2))
            .minus(Duration::from_millis(early));
        comparison.expire(now).await?;
        comparison.apply(&[beat]).await?;
        comparison.expect_status().await?;
        let late_events = comparison.status().await?.late_events;
        expect_eq(what, &(late_events > 0), &is_late)?;
    }
    comparison.expire(factory.minute(0)).await?;
    comparison.expect_status().await?;
    let newest = factory.open(&Topic::Site, 3, 5 * DAY);
    comparison.apply(&[newest]).await?;
    comparison.expect_status().await?;
    comparison.expect_totals().await
}

/// [`expire_sessions`](crate::reports::Reports::expire_sessions) erases the rows of closed days before a day, and
/// nothing in a dry run. Queries that need them fail then; others give the same answers.
pub async fn expire_sessions_erases_the_rows_of_closed_days(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    for day in 0..5 {
        let batch = [
            factory.arrival(1, day * DAY, "a", "one")?,
            factory.arrival(0, day * DAY + 1, "b", "one")?,
        ];
        comparison.apply(&batch).await?;
    }
    // The newest event is on day 4, so day 3 is the first that is open.
    let (two, three, nine) = (factory.day(2), factory.day(3), factory.day(9));
    let steps = [
        ("a dry run", two, true, 4, None),
        ("two days", two, false, 4, Some(two)),
        ("the same again", two, false, 0, Some(two)),
        ("a dry run of more than the closed days", nine, true, 2, Some(two)),
        ("more than the closed days", nine, false, 2, Some(three)),
    ];
    let filter = Filter::new(Dimension::EntryPage, FilterOperator::Is, ["one"]);
    let from = |day| factory.query((day, 4), [Metric::Visits], []).filter(filter.clone());
    let has_rows = comparison.capabilities().await?.has_session_rows;
    for (what, first, dry_run, erased, first_session_day) in steps {
        let got = reports(&*comparison.open().await?)?
            .expire_sessions(first, dry_run)
            .await?;
        expect_eq(
            &format!("the erased rows: {what}"),
            &got,
            &if has_rows { erased } else { 0 },
        )?;
        let first_session_day = first_session_day.filter(|_| has_rows);
        let status = comparison.status().await?;
        expect_eq(
            &format!("the first day: {what}"),
            &status.first_session_day,
            &first_session_day,
        )?;
        if has_rows {
            let outcome = reports(&*comparison.open().await?)?.query(&from(0)).await;
            let what_first = format!("the first day in the error of a query: {what}");
            expect_eq(&what_first, &expired_before(outcome.as_ref().err()), &first_session_day)?;
        }
        comparison.expect_rows(what, &from(3), &[("", &[2])]).await?;
    }
    let by_source = factory.query((0, 4), [Metric::Visits], [Dimension::Source]);
    let rows: WantedRows<'_> = &[("a", &[5]), ("b", &[5])];
    comparison.expect_rows("the buckets", &by_source, rows).await?;
    comparison.expect_totals().await
}

fn expired_before(error: Option<&ReportError>) -> Option<Day> {
    match error {
        Some(ReportError::RowsExpired { first }) => Some(first.0),
        _ => None,
    }
}
