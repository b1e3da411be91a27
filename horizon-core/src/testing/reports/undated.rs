use std::time::Duration;

use crate::reports::{Dimension, Filter, FilterOperator, Metric, Query, Value};
use crate::testing::event_factory::{page_topic, slug};
use crate::testing::{Store, StoreHarness, Violation, expect_eq};
use crate::{Event, EventKind, StatsStoreExt, Topic, Visibility};

use super::comparison::{ReportComparison, reports};
use super::visit_factory::VisitFactory;

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A name, events, the visits, likes and comments in the totals after them, and the dated page visits, pageviews, likes
/// and comments.
type UndatedStep = (&'static str, Vec<Event>, (u64, u64, u64), [i64; 4]);

/// Data from before reports have no hour: they are in the totals and in no answer. A visit goes on undated, an unlike
/// or a removal lowers the undated number, and a reader who likes again has a dated like.
pub async fn data_from_before_reports_stay_undated(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let topic = page_topic("one")?;
    let comment = factory.events.comment(&slug("one")?, "old", None)?;
    let removal = EventKind::Moderate {
        comment: comment.id,
        verdict: Visibility::Removed,
    };
    let (one, two) = (factory.events.like(&topic, 1), factory.events.like(&topic, 2));
    let old = [factory.open(&topic, 1, 0), one, two, comment];
    comparison.open().await?.apply(&old).await?;
    if !comparison.harness().make_undated().await? {
        return Ok(());
    }
    let steps = undated_steps(&mut factory, &topic, removal);
    let metrics = [Metric::PageVisits, Metric::Pageviews, Metric::Likes, Metric::Comments];
    // Without a page, the pageviews are those of the site.
    let only_one = Filter::new(Dimension::Page, FilterOperator::Is, ["one"]);
    let dated = factory.query((0, 0), metrics, []).filter(only_one);
    for (what, events, totals, numbers) in steps {
        let store = comparison.open().await?;
        store.apply(&events).await?;
        let stats = store.total(&topic).await?.stats;
        let got = (stats.visits, stats.likes, stats.comments);
        expect_eq(&format!("the totals: {what}"), &got, &totals)?;
        expect_dated(&*store, what, &dated, numbers).await?;
    }
    Ok(())
}

/// Returns new events that concern the old data.
fn undated_steps(factory: &mut VisitFactory, topic: &Topic, removal: EventKind) -> Vec<UndatedStep> {
    factory.events.advance(TEN_MINUTES);
    vec![
        ("nothing new", vec![], (1, 2, 1), [0, 0, 0, 0]),
        (
            "the visit goes on",
            vec![factory.open(topic, 1, 0)],
            (1, 2, 1),
            [0, 1, 0, 0],
        ),
        (
            "a new visit",
            vec![factory.open(topic, 1, 120)],
            (2, 2, 1),
            [1, 2, 0, 0],
        ),
        (
            "an unlike",
            vec![factory.events.unlike(topic, 1)],
            (2, 1, 1),
            [1, 2, 0, 0],
        ),
        (
            "liked again",
            vec![factory.events.like(topic, 2)],
            (2, 1, 1),
            [1, 2, 1, 0],
        ),
        (
            "a removal",
            vec![factory.event(topic, 5, removal)],
            (2, 1, 0),
            [1, 2, 1, 0],
        ),
    ]
}

/// Expects the numbers of a query without dimensions, and that `verify` finds nothing.
async fn expect_dated(store: &dyn Store, what: &str, query: &Query, numbers: [i64; 4]) -> Result<(), Violation> {
    let table = reports(store)?.query(query).await;
    let table = table.map_err(|error| Violation::new(format!("the query failed: {error}")))?;
    let row = table.rows.first().map(|row| row.metrics.clone());
    let want = numbers.map(Value::Count).to_vec();
    expect_eq(&format!("the dated numbers: {what}"), &row, &Some(want))?;
    expect_eq(
        &format!("what verify finds: {what}"),
        &reports(store)?.verify().await?,
        &vec![],
    )
}

/// [`verify`](crate::reports::Reports::verify) finds a total that is not the sum of its parts.
pub async fn verify_finds_a_damaged_total(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let page = page_topic("one")?;
    let events = [factory.arrival(1, 0, "a", "one")?, factory.open(&page, 1, 0)];
    comparison.apply(&events).await?;
    comparison.expect_totals().await?;
    for topic in [&page, &Topic::Site] {
        if !comparison.harness().damage_total(topic).await? {
            return Ok(());
        }
        let found = reports(&*comparison.open().await?)?.verify().await?;
        let found = found.iter().find(|found| found.what == format!("visits of {topic}"));
        let numbers = found.map(|found| (found.parts, found.total));
        expect_eq(&format!("what verify finds of {topic}"), &numbers, &Some((1, 2)))?;
    }
    Ok(())
}
