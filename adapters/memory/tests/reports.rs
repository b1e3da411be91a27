//! Reports of the memory store, with numbers that are easy to check by hand.

use horizon_core::reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Query, Reports, Value};
use horizon_core::{
    ContextValue, Day, Event, EventKind, Slug, Stamp, StatsStore, Timestamp, Topic, Visit, VisitCause, VisitContext,
    VisitorKey,
};
use horizon_memory::MemoryStore;

type TestResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A day (UTC).
const DAY: Day = Day::from_number(20_600);

struct VisitedSite {
    store: MemoryStore,
    serial: u8,
}

impl VisitedSite {
    /// Counts a visit of the site and of the page, `minutes` after the start of the day.
    async fn visit(&mut self, minutes: i64, visitor: u128, page: &str, change: impl Fn(&mut Visit)) -> TestResult {
        let slug = Slug::new(page)?;
        let at = Timestamp::from_millis((DAY.number() * 24 * 60 + minutes) * 60_000);
        for topic in [Topic::Site, Topic::Page(slug.clone())] {
            self.serial += 1;
            let mut visit = Visit::of(Some(VisitorKey::from_u128(visitor)));
            visit.cause = Some(VisitCause::Open);
            change(&mut visit);
            if topic == Topic::Site {
                visit.page = Some(slug.clone());
            } else {
                visit.context = None;
            }
            let event = Event::new(Stamp::new(at, [self.serial; 10]), topic, EventKind::Visit(visit));
            self.store.apply(&[event.clone(), event]).await?;
        }
        Ok(())
    }

    async fn numbers(&self, query: &Query) -> TestResult<Vec<(String, Vec<Value>)>> {
        let rows = self.store.query(query).await?.rows.into_iter();
        Ok(rows.map(|row| (row.dimensions.join(" "), row.metrics)).collect())
    }
}

fn from(source: &'static str) -> impl Fn(&mut Visit) {
    move |visit| {
        let mut context = VisitContext::default();
        context.source = Some(ContextValue::new(source));
        visit.context = Some(Box::new(context));
    }
}

#[tokio::test]
async fn sessions_pages_and_sources_are_counted_by_day() -> TestResult {
    let mut site = VisitedSite {
        store: MemoryStore::new(),
        serial: 0,
    };
    site.visit(10, 1, "bread", from("google")).await?;
    site.visit(60, 2, "bread", from("google")).await?;
    // The first visitor read on: this event joins two visits of the site to one.
    site.visit(45, 1, "cake", |_| ()).await?;
    let beat = |visit: &mut Visit| {
        visit.cause = Some(VisitCause::Beat);
        visit.seconds = Some(90);
    };
    site.visit(30, 1, "bread", beat).await?;

    let day = Query::new(DayRange::new(DAY, DAY));
    let overview = day
        .clone()
        .metrics([Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::BounceRate]);
    let bounces = Value::Ratio {
        numerator: 1,
        denominator: 2,
    };
    let counts = [2, 2, 3].map(Value::Count);
    assert_eq!(
        site.numbers(&overview).await?,
        [(String::new(), [&counts[..], &[bounces]].concat())]
    );

    let pages = day
        .clone()
        .metrics([Metric::Pageviews, Metric::Seconds])
        .dimensions([Dimension::Page]);
    let row = |name: &str, numbers: [i64; 2]| (name.to_owned(), numbers.map(Value::Count).to_vec());
    assert_eq!(
        site.numbers(&pages).await?,
        [row("bread", [2, 90]), row("cake", [1, 0])]
    );

    let cake = Filter::new(Dimension::Page, FilterOperator::Is, ["cake"]);
    let sources = day
        .metrics([Metric::Visits, Metric::Visitors])
        .dimensions([Dimension::Source])
        .filter(cake);
    assert_eq!(site.numbers(&sources).await?, [row("google", [1, 1])]);
    assert_eq!(site.store.verify().await?, []);
    Ok(())
}
