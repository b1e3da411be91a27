//! What the events of visits say: why they are sent, on which page, and whether the visitor did something.

use std::time::Duration;

use eventhorizon::{
    Caller, Decision, EventKind, ExistingPage, Horizon, Identity, LikeRequest, LiveOptions, NewComment, ProposedEvent,
    Rate, Slug, Topic,
};
use futures::StreamExt;
use horizon_core::{Error, EventId, VisitCause};
use horizon_memory::testing::{Call, Fake};

use crate::rules::{FIREFOX, User, stage};

/// Returns a site with the page `docs/intro`, and the page.
async fn start() -> (Fake, Horizon, ExistingPage) {
    let (fake, builder) = stage();
    let identify = |caller: &Caller| match caller.extensions().get::<User>() {
        Some(User("author")) => Identity::uncounted(),
        Some(User(name)) => Identity::named(*name),
        None => Identity::unknown(),
    };
    let policy = |proposed: &ProposedEvent<'_>| match (proposed.caller.extensions().get(), proposed.kind) {
        (Some(User("hidden")), EventKind::Visit(_)) => Decision::Reject("Not counted.".into()),
        _ => Decision::Accept,
    };
    let builder = builder.identify(identify).event_policy(policy);
    let horizon = builder.start(|_: &Slug| true).await.unwrap();
    let page = horizon.page("docs/intro").await.unwrap();
    (fake, horizon, page)
}

fn from<'a>(horizon: &Horizon, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Caller {
    from_network(horizon, 1, headers)
}

fn from_network<'a>(horizon: &Horizon, number: u8, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Caller {
    let headers = [("user-agent", FIREFOX)].into_iter().chain(headers);
    horizon.caller([192, 0, 2, number].into(), headers)
}

/// Returns callers without a visitor key, and some who do not count.
fn callers_without_visit(horizon: &Horizon) -> [Caller; 5] {
    [
        from_network(horizon, 1, [("sec-gpc", "1")]),
        from_network(horizon, 2, [("dnt", "1")]),
        from_network(horizon, 3, []).with(User("author")),
        from_network(horizon, 4, []).with(User("hidden")),
        horizon.caller([192, 0, 2, 5].into(), [("user-agent", "curl/8.5.0")]),
    ]
}

/// Closes the site, and returns each event as text: its topic, then its kind with what a visit says.
async fn events(fake: &Fake, horizon: Horizon) -> Vec<String> {
    horizon.close().await.unwrap();
    let text = |event: horizon_core::Event| {
        let what = match &event.kind {
            EventKind::Visit(visit) => {
                let page = visit.page.as_ref().map_or("-", Slug::as_str);
                let key = if visit.visitor.is_some() { "key" } else { "no key" };
                let interactive = match (visit.interactive, visit.finished) {
                    (true, _) => " interactive",
                    (_, true) => " finished",
                    _ => "",
                };
                let seconds = visit.seconds.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
                format!("{:?} {page} {key}{seconds}{interactive}", visit.cause.unwrap())
            }
            EventKind::Like { .. } => "like".into(),
            EventKind::Unlike { .. } => "unlike".into(),
            EventKind::Comment { .. } => "comment".into(),
            other => panic!("{other:?}"),
        };
        format!("{}: {what}", event.topic)
    };
    fake.tracked().into_iter().map(text).collect()
}

#[tokio::test]
async fn a_connection_says_whether_it_is_opened_or_opened_again_and_when_it_ends() {
    for (headers, returning, cause) in [
        (None, false, VisitCause::Open),
        (None, true, VisitCause::Reopen),
        (Some(("last-event-id", "1")), false, VisitCause::Reopen),
    ] {
        let (fake, horizon, page) = start().await;
        let caller = from(&horizon, headers);
        let options = LiveOptions::page(&page).returning(returning);
        let mut live = horizon.live(&caller, options).await.unwrap();
        let first = live.next().await.unwrap();
        let first = String::from_utf8(first.to_vec()).unwrap();
        assert!(
            first.contains("\nid: 1\n"),
            "a browser sends it as Last-Event-ID: {first}"
        );
        drop(live);
        let expected = [
            format!("blog:docs/intro: {cause:?} - key"),
            format!("site: {cause:?} docs/intro key"),
            "blog:docs/intro: End - key 0 s".into(),
            "site: End docs/intro key 0 s".into(),
        ];
        assert_eq!(events(&fake, horizon).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_reports_how_long_it_was_open() {
    let (fake, horizon, page) = start().await;
    let live = horizon
        .live(&from(&horizon, []), LiveOptions::page(&page))
        .await
        .unwrap();
    let anonymous = from(&horizon, [("dnt", "1")]);
    let without_key = horizon.live(&anonymous, LiveOptions::page(&page)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(42_900)).await;
    drop((live, without_key));
    let actual = events(&fake, horizon).await;
    let ends: Vec<_> = actual.iter().filter(|event| !event.contains("Open")).collect();
    assert_eq!(
        ends,
        ["blog:docs/intro: End - key 42 s", "site: End docs/intro key 42 s"]
    );
}

#[tokio::test]
async fn a_connection_of_the_site_has_no_page() {
    let (fake, horizon, _) = start().await;
    drop(horizon.live(&from(&horizon, []), LiveOptions::site()).await.unwrap());
    assert_eq!(
        events(&fake, horizon).await,
        ["site: Open - key", "site: End - key 0 s"]
    );
}

#[tokio::test]
async fn a_reader_without_a_key_sends_only_that_a_page_was_opened() {
    let (fake, horizon, page) = start().await;
    let reader = from(&horizon, [("sec-gpc", "1")]);
    drop(horizon.live(&reader, LiveOptions::page(&page)).await.unwrap());
    drop(
        horizon
            .live(&reader, LiveOptions::page(&page).returning(true))
            .await
            .unwrap(),
    );
    let again = from(&horizon, [("sec-gpc", "1"), ("last-event-id", "1")]);
    drop(horizon.live(&again, LiveOptions::page(&page)).await.unwrap());
    let expected = ["blog:docs/intro: Open - no key", "site: Open docs/intro no key"];
    assert_eq!(events(&fake, horizon).await, expected);
}

#[tokio::test]
async fn a_reader_who_saw_the_end_of_a_page_finished_it() {
    let (fake, horizon, page) = start().await;
    horizon.finish(&page, &from(&horizon, [])).unwrap();
    let expected = [
        "blog:docs/intro: Beat - key finished",
        "site: Beat docs/intro key finished",
    ];
    assert_eq!(events(&fake, horizon).await, expected);
}

#[tokio::test]
async fn only_a_reader_with_a_key_who_counts_finishes_a_page() {
    let (fake, horizon, page) = start().await;
    for caller in callers_without_visit(&horizon) {
        horizon.finish(&page, &caller).unwrap();
    }
    assert_eq!(events(&fake, horizon).await, [""; 0]);
}

#[tokio::test]
async fn a_network_finishes_pages_up_to_the_rate_of_page_loads() {
    let horizon = Horizon::in_memory()
        .configure(|config| config.rates.visits = Rate::new(1, 1))
        .start(|_: &Slug| true)
        .await
        .unwrap();
    let page = horizon.page("docs/intro").await.unwrap();
    let reader = from(&horizon, []);
    horizon.finish(&page, &reader).unwrap();
    assert_eq!(horizon.finish(&page, &reader).unwrap_err().status(), 429);
}

#[tokio::test]
async fn a_page_load_opens_the_page() {
    let (fake, horizon, page) = start().await;
    horizon.visit(&page, &from(&horizon, []));
    let expected = ["blog:docs/intro: Open - key", "site: Open docs/intro key"];
    assert_eq!(events(&fake, horizon).await, expected);
}

#[tokio::test]
async fn a_like_and_a_comment_are_interactive_visits_of_the_site() {
    let (fake, horizon, page) = start().await;
    let ada = from(&horizon, []);
    let key = LikeRequest::like().idempotency_key(EventId::from_u128(7));
    horizon.like_with(&page, &ada, key).await.unwrap();
    let mut new = NewComment::new("Ada", "Well said");
    new.id = Some("019ab4f0c1d27a3c8e5f6071829304a6".parse().unwrap());
    let visitor = horizon.visitor(&ada).await.unwrap();
    for _ in 0..2 {
        horizon.comment(&page, new.clone(), &ada).await.unwrap();
    }
    let unlike = LikeRequest::unlike().idempotency_key(EventId::from_u128(7));
    horizon.like_with(&page, &ada, unlike).await.unwrap();
    let mut actual = events(&fake, horizon).await;
    actual.sort();
    let interaction = "site: Beat docs/intro key interactive";
    let expected = [
        "blog:docs/intro: comment",
        "blog:docs/intro: like",
        "blog:docs/intro: unlike",
    ];
    assert_eq!(actual, [&expected[..], &[interaction, interaction]].concat());
    for event in fake.tracked().iter().filter(|event| event.topic == Topic::Site) {
        let EventKind::Visit(visit) = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(visit.visitor, visitor);
    }
    assert_no_visit_has_a_reader(&fake);
}

/// The id that owns likes and comments must not lead to the visits of its owner.
fn assert_no_visit_has_a_reader(fake: &Fake) {
    let events = fake.tracked();
    let reader = |event: &horizon_core::Event| match event.kind {
        EventKind::Like { reader } | EventKind::Comment { reader, .. } => Some(reader.to_string()),
        _ => None,
    };
    let readers: Vec<String> = events.iter().filter_map(reader).collect();
    assert!(!readers.is_empty());
    for visit in events.iter().filter(|event| matches!(event.kind, EventKind::Visit(_))) {
        let json = format!("{visit:?} {}", serde_json::to_string(visit).unwrap());
        assert!(!readers.iter().any(|reader| json.contains(reader)), "{json}");
    }
}

#[tokio::test]
async fn the_visit_of_a_named_reader_has_no_reader_id() {
    let (fake, horizon, page) = start().await;
    let ada = from(&horizon, []).with(User("ada"));
    horizon.like(&page, &ada).await.unwrap();
    let expected = ["blog:docs/intro: like", "site: Beat docs/intro key interactive"];
    assert_eq!(events(&fake, horizon).await, expected);
    assert_no_visit_has_a_reader(&fake);
}

#[tokio::test]
async fn an_interaction_of_a_caller_without_a_key_or_who_does_not_count_is_no_visit() {
    let (fake, horizon, page) = start().await;
    let callers = callers_without_visit(&horizon);
    for caller in &callers {
        horizon.like(&page, caller).await.unwrap();
        horizon
            .comment(&page, NewComment::new("", "Hello"), caller)
            .await
            .unwrap();
    }
    let expected = ["blog:docs/intro: like", "blog:docs/intro: comment"].repeat(callers.len());
    assert_eq!(events(&fake, horizon).await, expected);
}

#[tokio::test]
async fn a_rejected_like_is_no_visit() {
    let (fake, horizon, page) = start().await;
    fake.fail_next(Call::Track, Error::unavailable("down"));
    horizon.like(&page, &from(&horizon, [])).await.unwrap_err();
    assert_eq!(events(&fake, horizon).await, [""; 0]);
}
