use crate::Event;
use crate::reports::{
    Dimension, Direction, Filter, FilterOperator, MAX_VALUES, Metric, OTHER_VALUE, OrderBy, Query, Refusal, ReportError,
};
use crate::testing::event_factory::limit;
use crate::testing::{StoreHarness, Violation, expect_eq};

use super::comparison::{ReportComparison, WantedRows, reports};
use super::visit_factory::VisitFactory;

/// How many events a batch of the checks has.
const BATCH: usize = 200;

/// The values of a dimension and day beyond the first [`MAX_VALUES`] in the order of arrival count under
/// [`OTHER_VALUE`], and the answer says so. A value keeps its place when its sessions get another one.
pub async fn values_beyond_the_limit_count_as_other(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    if !comparison.capabilities().await?.dimensions.contains(&Dimension::Source) {
        return Ok(());
    }
    let mut events: Vec<Event> = Vec::new();
    for (number, visitor) in (0..MAX_VALUES + 2).zip(1..) {
        events.push(factory.arrival(visitor, 100, &format!("s{number:04}"), "one")?);
    }
    events.push(factory.arrival(5000, 100, "s0000", "one")?);
    for batch in events.chunks(BATCH) {
        comparison.apply(batch).await?;
    }
    let by_source = factory.query((0, 0), [Metric::Visits, Metric::Visitors], [Dimension::Source]);
    comparison.expect_answer(&by_source).await?;
    // The session with the value s0500 gets the first value, and a new value comes.
    let (earlier, new) = (
        factory.arrival(501, 90, "s0000", "one")?,
        factory.arrival(5001, 100, "new", "one")?,
    );
    comparison.apply(&[earlier, new]).await?;
    comparison.expect_answer(&by_source).await?;
    let limit = |query: Query| query.limit(limit(3));
    let top: WantedRows<'_> = &[("s0000", &[3, 3]), ("(other)", &[3, 3]), ("s0001", &[1, 1])];
    comparison
        .expect_rows("the values with the most visits", &limit(by_source.clone()), top)
        .await?;
    let last = by_source
        .clone()
        .order_by(OrderBy::Dimension(Dimension::Source), Direction::Descending);
    let rows: WantedRows<'_> = &[("(other)", &[3, 3]), ("s0999", &[1, 1]), ("s0998", &[1, 1])];
    comparison.expect_rows("the last values", &limit(last), rows).await?;
    let filter = Filter::new(Dimension::Source, FilterOperator::Is, [OTHER_VALUE]);
    comparison
        .expect_rows("the rows", &by_source.filter(filter), &[("(other)", &[3, 3])])
        .await?;
    comparison.expect_totals().await
}

/// A metric, dimension, filter or combination that the store cannot answer is refused, and the refusal names it. So is
/// an invalid query.
pub async fn queries_beyond_the_capabilities_are_refused_by_name(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let (mut factory, mut comparison) = (VisitFactory::new(), ReportComparison::utc(harness)?);
    let arrival = factory.arrival(1, 0, "a", "one")?;
    comparison.apply(&[arrival]).await?;
    let capabilities = comparison.capabilities().await?;
    let store = comparison.open().await?;
    for metric in Metric::ALL {
        let refused = reports(&*store)?.query(&factory.query((0, 0), [metric], [])).await;
        let want = (!capabilities.metrics.contains(&metric)).then_some(Refusal::Metric(metric));
        expect_eq(&format!("the refusal of {metric}"), &refusal(refused.err())?, &want)?;
    }
    drop(store);
    let mut queries = Vec::new();
    for dimension in Dimension::ALL {
        for metric in Metric::ALL {
            queries.push(factory.query((0, 0), [metric], [dimension]));
            let filter = Filter::new(dimension, FilterOperator::Is, ["one"]);
            queries.push(factory.query((0, 0), [metric], []).filter(filter));
        }
        queries.push(factory.query((0, 0), [Metric::Visits], [dimension, Dimension::Browser]));
    }
    queries.push(factory.query((1, 0), [Metric::Visits], []));
    queries.push(factory.query((0, 0), [], []));
    let order = OrderBy::Metric(Metric::Likes);
    let visits = factory.query((0, 0), [Metric::Visits], []);
    queries.push(visits.order_by(order, Direction::Ascending));
    comparison.expect_answers_to(&queries).await?;
    comparison
        .expect_rows(
            "still there",
            &factory.query((0, 0), [Metric::Visits], []),
            &[("", &[1])],
        )
        .await?;
    Ok(())
}

fn refusal(error: Option<ReportError>) -> Result<Option<Refusal>, Violation> {
    match error {
        None => Ok(None),
        Some(ReportError::Refused(refusal)) => Ok(Some(refusal)),
        Some(other) => Err(Violation::new(format!("the query failed: {other}"))),
    }
}
