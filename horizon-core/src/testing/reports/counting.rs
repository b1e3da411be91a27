use crate::reports::{DayRange, Dimension, Metric};
use crate::testing::event_factory::{page_topic, slug};
use crate::testing::{StoreHarness, Violation};
use crate::{EventKind, EventName, Properties, ReaderId, Timestamp, Topic, Visibility};

use super::RandomVisits;
use super::comparison::{ReportComparison, WantedRows};
use super::visit_factory::VisitFactory;

/// An event between two visits with gaps of at most 30 minutes makes them one: the totals fall.
pub async fn two_visits_merge_when_an_event_joins_them(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    let first = [
        factory.arrival(1, 0, "a", "one")?,
        factory.open(&page, 1, 0),
        factory.arrival(1, 60, "b", "two")?,
        factory.open(&page, 1, 60),
    ];
    comparison.apply(&first).await?;
    let of_site = factory.query((0, 0), [Metric::Visits, Metric::Pageviews, Metric::Seconds], []);
    comparison
        .expect_rows("two sessions", &of_site, &[("", &[2, 2, 0])])
        .await?;
    let joining = [factory.beat(&Topic::Site, 1, 30, 7), factory.beat(&page, 1, 30, 7)];
    comparison.apply(&joining).await?;
    comparison
        .expect_rows("one session", &of_site, &[("", &[1, 2, 7])])
        .await?;
    let by_page = factory.query(
        (0, 0),
        [Metric::PageVisits, Metric::Pageviews, Metric::Seconds],
        [Dimension::Page],
    );
    comparison
        .expect_rows("one page visit", &by_page, &[("one", &[1, 2, 7])])
        .await?;
    let by_source = factory.query((0, 0), [Metric::Visits, Metric::Pageviews], [Dimension::Source]);
    comparison
        .expect_rows("the first source", &by_source, &[("a", &[1, 2])])
        .await?;
    let by_exit = factory.query((0, 0), [Metric::Visits], [Dimension::ExitPage]);
    comparison
        .expect_rows("the last page", &by_exit, &[("two", &[1])])
        .await?;
    comparison.expect_totals().await
}

/// A visit, its seconds and its source count in the hour and on the day in which it starts, also if an earlier event
/// arrives later. Pageviews count where they are.
pub async fn visits_count_where_they_start(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let (page, after_midnight) = (page_topic("one")?, 16 * 60 + 10);
    let first = [
        factory.arrival(1, after_midnight, "a", "one")?,
        factory.open(&page, 1, after_midnight),
        factory.beat(&page, 1, after_midnight, 5),
    ];
    comparison.apply(&first).await?;
    let by_hour = factory.query((0, 1), [Metric::Visits, Metric::Pageviews], [Dimension::Hour]);
    comparison
        .expect_rows("before it moves", &by_hour, &[("2027-01-16T00:00:00Z", &[1, 1])])
        .await?;
    let earlier = [
        factory.beat(&Topic::Site, 1, after_midnight - 20, 2),
        factory.beat(&page, 1, after_midnight - 20, 2),
    ];
    comparison.apply(&earlier).await?;
    let hours: WantedRows<'_> = &[("2027-01-15T23:00:00Z", &[1, 0]), ("2027-01-16T00:00:00Z", &[0, 1])];
    comparison.expect_rows("after it moved", &by_hour, hours).await?;
    let by_page = [Metric::PageVisits, Metric::Pageviews, Metric::Seconds];
    let by_page = factory.query((0, 1), by_page, [Dimension::Day, Dimension::Page]);
    let days: WantedRows<'_> = &[("2027-01-15 | one", &[1, 0, 7]), ("2027-01-16 | one", &[0, 1, 0])];
    comparison.expect_rows("its page", &by_page, days).await?;
    let by_source = factory.query(
        (0, 1),
        [Metric::Visits, Metric::Pageviews],
        [Dimension::Day, Dimension::Source],
    );
    comparison
        .expect_rows("its source", &by_source, &[("2027-01-15 | a", &[1, 1])])
        .await?;
    comparison.expect_totals().await
}

/// A reader without a visitor key is a pageview and a session with each `open`, but no visitor. Their other events
/// count nothing.
pub async fn readers_without_a_key_are_visits_but_not_visitors(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    let events = [
        factory.arrival(0, 0, "a", "one")?,
        factory.arrival(0, 1, "a", "one")?,
        factory.arrival(1, 2, "b", "one")?,
        factory.open(&page, 0, 0),
        factory.beat(&page, 0, 1, 60),
        factory.beat(&Topic::Site, 0, 1, 60),
    ];
    comparison.apply(&events).await?;
    let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Seconds];
    let of_site = factory.query((0, 0), metrics, []);
    comparison
        .expect_rows("the site", &of_site, &[("", &[1, 3, 3, 0])])
        .await?;
    let shares = factory.query((0, 0), [Metric::AnonymousShare, Metric::BounceRate], []);
    comparison.expect_rows("the shares", &shares, &[("", &[2, 1])]).await?;
    let metrics = [Metric::Visitors, Metric::PageVisits, Metric::Pageviews];
    let by_page = factory.query((0, 0), metrics, [Dimension::Page]);
    comparison
        .expect_rows("the page", &by_page, &[("one", &[0, 1, 1])])
        .await?;
    let by_source = factory.query((0, 0), [Metric::Visits, Metric::Visitors], [Dimension::Source]);
    comparison
        .expect_rows("the sources", &by_source, &[("a", &[2, 0]), ("b", &[1, 1])])
        .await?;
    let by_entry = factory.query((0, 0), [Metric::Visits], [Dimension::EntryPage]);
    comparison
        .expect_rows("the entry pages", &by_entry, &[("", &[2]), ("one", &[1])])
        .await?;
    comparison.expect_totals().await
}

/// A visitor counts once in each hour and on each day in which they open the page, in any order of arrival.
pub async fn visitors_count_once_in_each_hour_and_day(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    for topic in [&Topic::Site, &page] {
        for minute in [125, 0, 5, 65, 130, 24 * 60] {
            let (open, beat) = (factory.open(topic, 1, minute), factory.beat(topic, 1, minute + 200, 1));
            comparison.apply(&[open, beat]).await?;
        }
        let other = factory.open(topic, 2, 10);
        comparison.apply(&[other]).await?;
    }
    let hours: WantedRows<'_> = &[
        ("2027-01-15T08:00:00Z", &[2]),
        ("2027-01-15T09:00:00Z", &[1]),
        ("2027-01-15T10:00:00Z", &[1]),
        ("2027-01-16T08:00:00Z", &[1]),
    ];
    let by_hour = factory.query((0, 1), [Metric::Visitors], [Dimension::Hour]);
    comparison.expect_rows("each hour", &by_hour, hours).await?;
    let by_day = factory.query((0, 1), [Metric::Visitors], [Dimension::Day]);
    comparison
        .expect_rows("each day", &by_day, &[("2027-01-15", &[2]), ("2027-01-16", &[1])])
        .await?;
    let all = factory.query((0, 1), [Metric::Visitors], []);
    comparison
        .expect_rows("the sum of the days", &all, &[("", &[3])])
        .await?;
    let by_page = factory.query((0, 1), [Metric::Visitors], [Dimension::Page]);
    comparison.expect_rows("the page", &by_page, &[("one", &[3])]).await?;
    comparison.expect_totals().await
}

/// A like counts in the hour of the reader's latest like. A second like moves it, an unlike removes it, and an older
/// like that arrives later changes nothing.
pub async fn likes_move_to_the_latest_like(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    let by_hour = factory.query((0, 0), [Metric::Likes], [Dimension::Hour]);
    let [eight, nine, ten] = ["2027-01-15T08:00:00Z", "2027-01-15T09:00:00Z", "2027-01-15T10:00:00Z"];
    let steps: [(&str, u128, i64, bool, WantedRows<'_>); 7] = [
        ("a like", 1, 60, true, &[(nine, &[1])]),
        ("liked again later", 1, 120, true, &[(ten, &[1])]),
        ("an older like", 1, 0, true, &[(ten, &[1])]),
        ("another reader", 2, 5, true, &[(eight, &[1]), (ten, &[1])]),
        ("an older unlike", 2, 4, false, &[(eight, &[1]), (ten, &[1])]),
        ("an unlike", 1, 130, false, &[(eight, &[1])]),
        ("liked after an unlike", 1, 140, true, &[(eight, &[1]), (ten, &[1])]),
    ];
    for (what, reader, minute, is_liked, want) in steps {
        let reader = ReaderId::from_u128(reader);
        let kind = if is_liked {
            EventKind::Like { reader }
        } else {
            EventKind::Unlike { reader }
        };
        let event = factory.event(&page, minute, kind);
        comparison.apply(&[event]).await?;
        comparison.expect_rows(what, &by_hour, want).await?;
    }
    let by_page = factory.query((0, 0), [Metric::Likes], [Dimension::Page]);
    comparison.expect_rows("the page", &by_page, &[("one", &[2])]).await?;
    comparison.expect_totals().await
}

/// A comment counts in the hour in which it was written while it is shown.
pub async fn comments_count_when_they_were_written(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = slug("one")?;
    let mut written = factory.events.comment(&page, "shown", None)?;
    written.at = factory.minute(5);
    let mut pending = factory.events.pending_comment(&page, "pending", None)?;
    pending.at = factory.minute(65);
    comparison.apply(&[written.clone(), pending.clone()]).await?;
    let by_hour = factory.query((0, 1), [Metric::Comments], [Dimension::Hour]);
    let (eight, nine) = ("2027-01-15T08:00:00Z", "2027-01-15T09:00:00Z");
    comparison.expect_rows("one waits", &by_hour, &[(eight, &[1])]).await?;
    let verdicts: [(&str, _, i64, Visibility, WantedRows<'_>); 3] = [
        (
            "shown the next day",
            pending.id,
            1500,
            Visibility::Shown,
            &[(eight, &[1]), (nine, &[1])],
        ),
        (
            "shown twice",
            pending.id,
            1510,
            Visibility::Shown,
            &[(eight, &[1]), (nine, &[1])],
        ),
        ("removed", written.id, 1520, Visibility::Removed, &[(nine, &[1])]),
    ];
    for (what, comment, minute, verdict, want) in verdicts {
        let verdict = factory.event(
            &Topic::Page(page.clone()),
            minute,
            EventKind::Moderate { comment, verdict },
        );
        comparison.apply(&[verdict]).await?;
        comparison.expect_rows(what, &by_hour, want).await?;
    }
    comparison.expect_totals().await
}

/// Custom events count by hour, page and name. Those of the site have the page `""`.
pub async fn custom_events_count_by_hour_page_and_name(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    for (topic, minute, name) in [
        (&page, 0, "b"),
        (&page, 5, "a"),
        (&page, 70, "a"),
        (&Topic::Site, 75, "a"),
    ] {
        let name = EventName::new(name).map_err(|e| Violation::new(format!("the name {e}")))?;
        let properties = Properties::default();
        let event = factory.event(topic, minute, EventKind::Custom { name, properties });
        comparison.apply(&[event]).await?;
    }
    let by = [Dimension::Event, Dimension::Page];
    let by_name = factory.query((0, 0), [Metric::Events], by);
    let rows: WantedRows<'_> = &[("a | one", &[2]), ("a | ", &[1]), ("b | one", &[1])];
    comparison.expect_rows("by name and page", &by_name, rows).await?;
    let by_hour = factory.query((0, 0), [Metric::Events], [Dimension::Hour, Dimension::Event]);
    let rows: WantedRows<'_> = &[
        ("2027-01-15T08:00:00Z | a", &[1]),
        ("2027-01-15T08:00:00Z | b", &[1]),
        ("2027-01-15T09:00:00Z | a", &[2]),
    ];
    comparison.expect_rows("by hour and name", &by_hour, rows).await?;
    let all = factory.query((0, 0), [Metric::Events], []);
    comparison.expect_rows("all", &all, &[("", &[4])]).await?;
    comparison.expect_totals().await
}

/// Repeated events change no answer, in batches of any size.
pub async fn repeated_events_change_no_answer(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut comparison = ReportComparison::utc(harness)?;
    let start = Timestamp::from_millis(1_800_000_000_000);
    let mut visits = RandomVisits::new(9, start);
    let mut events = Vec::new();
    for _ in 0..12 {
        let batch = visits.batch();
        comparison.apply(&batch).await?;
        events.extend(batch);
    }
    for batch in events.chunks(17).rev() {
        comparison.open().await?.apply(batch).await?;
    }
    comparison.expect_totals().await?;
    comparison.expect_status().await?;
    let range = DayRange::new(start.day().previous(), visits.now().day());
    comparison.expect_answers(9, range, 30).await
}
