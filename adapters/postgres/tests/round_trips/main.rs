//! `apply` needs two round trips to the server: one reads what is stored, the other writes and commits.
//!
//! Each test has a runtime of one thread, as [`RoundTripProxy`] requires.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod proxy;

use horizon_core::{
    ContextValue, Draft, Event, EventId, EventKind, EventName, Properties, ReaderId, Slug, Stamp, StatsStore,
    Timestamp, Topic, Visibility, Visit, VisitCause, VisitContext, VisitorKey,
};
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::TestDatabase;
use proxy::RoundTripProxy;
use tokio_postgres::NoTls;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

#[tokio::test]
async fn the_proxy_counts_how_often_a_client_waits() {
    let database = TestDatabase::create().await.unwrap();
    let proxy = RoundTripProxy::start(database.url()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(proxy.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let before = proxy.round_trips();
    for _ in 0..3 {
        client.batch_execute("SELECT 1").await.unwrap();
    }
    assert_eq!(proxy.round_trips() - before, 3);
    let query = || client.batch_execute("SELECT repeat('x', 1000000)");
    tokio::try_join!(query(), query(), query()).unwrap();
    assert_eq!(proxy.round_trips() - before, 4);
}

#[tokio::test]
async fn one_event_of_each_kind_needs_two_round_trips() {
    check("").await;
}

#[tokio::test]
async fn without_prepared_statements_it_needs_no_more() {
    check("?statement_cache=off").await;
}

async fn check(options: &str) {
    let database = TestDatabase::create().await.unwrap();
    let proxy = RoundTripProxy::start(database.url()).await.unwrap();
    let config = PostgresConfig::new(&format!("{}{options}", proxy.url())).unwrap();
    let store = PostgresStore::new(&config).unwrap();
    let mut events = EventMaker::default();
    // Opens the connection.
    let first = events.event(Topic::Site, EventKind::visit(None));
    store.apply(&[first]).await.unwrap();
    for (kind, event) in events
        .of_each_kind("hello")
        .into_iter()
        .chain(events.of_each_kind("next"))
    {
        let before = proxy.round_trips();
        let changed = store.apply(std::slice::from_ref(&event)).await.unwrap();
        assert_eq!(changed.len(), 1, "{kind}");
        assert_eq!(proxy.round_trips() - before, 2, "{kind}");
        store.apply(&[event]).await.unwrap();
        assert_eq!(proxy.round_trips() - before, 4, "{kind}, again");
    }
    let all: Vec<Event> = events.of_each_kind("all").into_iter().map(|(_, event)| event).collect();
    let before = proxy.round_trips();
    store.apply(&all).await.unwrap();
    assert_eq!(proxy.round_trips() - before, 2, "all kinds at once");
}

/// Makes events with different ids, one a minute.
#[derive(Default)]
struct EventMaker(u32);

impl EventMaker {
    fn event(&mut self, topic: Topic, kind: EventKind) -> Event {
        self.0 += 1;
        let at = NOW.plus(std::time::Duration::from_secs(60) * self.0);
        Event::new(Stamp::new(at, [7; 10]), topic, kind)
    }

    /// Returns the kinds of events with their names, in an order in which each of them changes something.
    fn of_each_kind(&mut self, page: &str) -> Vec<(&'static str, Event)> {
        let page = Slug::new(page).unwrap();
        let reader = ReaderId::from_u128(7);
        let comment = |parent| EventKind::Comment {
            reader,
            draft: Draft::new("Ada", "Hello", parent).unwrap(),
            pending: false,
        };
        let mut on_page = |kind| self.event(page.clone().into(), kind);
        let mut events = vec![
            ("a visit of a new page", on_page(EventKind::visit(None))),
            ("a visit that opens the page", on_page(visit(&page, VisitCause::Open))),
            ("a visit of the page goes on", on_page(visit(&page, VisitCause::Beat))),
            ("a visit that closes the page", on_page(visit(&page, VisitCause::End))),
            ("a like", on_page(EventKind::Like { reader })),
            ("an unlike", on_page(EventKind::Unlike { reader })),
            ("a comment", on_page(comment(None))),
        ];
        let id = events.last().unwrap().1.id;
        events.extend([
            ("a reply", on_page(comment(Some(id)))),
            ("a verdict", on_page(verdict(id, Visibility::Removed))),
            ("another verdict", on_page(verdict(id, Visibility::Shown))),
            ("a custom event", on_page(custom_event())),
        ]);
        for (name, cause) in [
            ("a visit that opens the site", VisitCause::Open),
            ("a visit of the site goes on", VisitCause::Beat),
            ("a visit that closes the site", VisitCause::End),
        ] {
            events.push((name, self.event(Topic::Site, visit(&page, cause))));
        }
        events
    }
}

fn visit(page: &Slug, cause: VisitCause) -> EventKind {
    let mut visit = Visit::of(Some(VisitorKey::from_u128(7)));
    visit.cause = Some(cause);
    visit.page = Some(page.clone());
    visit.seconds = Some(20);
    if cause == VisitCause::Open {
        let mut context = VisitContext::default();
        context.country = Some(ContextValue::new("DE"));
        visit.context = Some(Box::new(context));
    }
    EventKind::Visit(visit)
}

fn verdict(comment: EventId, verdict: Visibility) -> EventKind {
    EventKind::Moderate { comment, verdict }
}

fn custom_event() -> EventKind {
    EventKind::Custom {
        name: EventName::new("download").unwrap(),
        properties: Properties::default(),
    }
}
