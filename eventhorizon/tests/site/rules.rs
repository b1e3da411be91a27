//! The rules of the application.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eventhorizon::{
    Builder, Caller, Decision, EventKind, Horizon, Identity, LiveOptions, NewComment, ProblemKind, ProposedEvent, Rate,
    Secret, Slug, Topic, http::Request,
};
use futures::StreamExt;
use horizon_core::{Timestamp, Visibility};
use horizon_memory::testing::{Clock, Fake};

pub(super) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

pub(super) fn stage() -> (Fake, Builder) {
    let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
    let fake = Fake::new(clock.clone());
    let builder = Horizon::from_ports(fake.ports()).clock(move || clock.now());
    (fake, builder)
}

fn is_page(slug: &Slug) -> bool {
    matches!(slug.as_str(), "bread" | "soup")
}

fn from(horizon: &Horizon, address: [u8; 4]) -> Caller {
    horizon.caller(address.into(), [("user-agent", FIREFOX)])
}

#[derive(Clone)]
pub(super) struct User(pub(super) &'static str);

fn by_user(caller: &Caller) -> Identity {
    match caller.extensions().get::<User>() {
        Some(User("author")) => Identity::uncounted(),
        Some(User(name)) => Identity::named(*name),
        None => Identity::unknown(),
    }
}

async fn viewers(fake: &Fake, horizon: &Horizon) -> Option<u64> {
    let topic: Topic = horizon.page("bread").await.ok()?.into();
    fake.presence().watch(topic).next().await
}

#[tokio::test]
async fn a_known_user_is_one_reader_on_two_devices_without_a_cookie() {
    let (fake, builder) = stage();
    let horizon = builder.identify(by_user).start(is_page).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let at_home = from(&horizon, [192, 0, 2, 1]).with(User("ada"));
    let at_work = from(&horizon, [198, 51, 100, 1]).with(User("ada"));
    let _streams = [
        horizon.live(&at_home, LiveOptions::page(&bread)).await.unwrap(),
        horizon.live(&at_work, LiveOptions::page(&bread)).await.unwrap(),
    ];
    assert_eq!(viewers(&fake, &horizon).await, Some(1));
    let liked = horizon.like(&bread, &at_home).await.unwrap();
    assert_eq!((liked.view.likes, liked.set_cookie), (1, None));
    assert!(horizon.is_liked_by(&bread, &at_work).await.unwrap());
    assert_eq!(horizon.like(&bread, &at_work).await.unwrap().view.likes, 1);
    let ben = from(&horizon, [192, 0, 2, 1]).with(User("ben"));
    assert!(!horizon.is_liked_by(&bread, &ben).await.unwrap());
    assert_ne!(
        horizon.visitor(&ben).await.unwrap(),
        horizon.visitor(&at_home).await.unwrap()
    );
}

#[tokio::test]
async fn an_uncounted_caller_reads_and_writes_and_is_not_a_viewer() {
    let (fake, builder) = stage();
    let horizon = builder.identify(by_user).start(is_page).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let author = from(&horizon, [192, 0, 2, 1]).with(User("author"));
    let mut live = horizon.live(&author, LiveOptions::page(&bread)).await.unwrap();
    live.next().await.unwrap();
    horizon.visit(&bread, &author);
    assert_eq!(viewers(&fake, &horizon).await, Some(0));
    assert!(horizon.like(&bread, &author).await.unwrap().set_cookie.is_some());
    horizon.close().await.unwrap();
    assert!(
        fake.tracked()
            .iter()
            .all(|event| !matches!(event.kind, EventKind::Visit(_)))
    );
    assert!(
        horizon
            .metrics()
            .contains("horizon_dropped_visits_total{reason=\"uncounted\"} 2")
    );
}

#[tokio::test]
async fn a_rejected_event_gets_the_reason_of_the_application_and_is_not_tracked() {
    let (fake, builder) = stage();
    let closed = Arc::new(AtomicBool::new(true));
    let is_closed = Arc::clone(&closed);
    let horizon = builder
        .event_policy(move |_: &ProposedEvent<'_>| match is_closed.load(Ordering::SeqCst) {
            true => Decision::Reject("The kitchen is closed.".into()),
            false => Decision::Accept,
        })
        .start(is_page)
        .await
        .unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = from(&horizon, [192, 0, 2, 1]);
    let like = horizon.like(&bread, &ada).await.unwrap_err();
    assert_eq!((like.kind(), like.status().as_u16()), (ProblemKind::Refused, 403));
    assert!(like.to_json().contains("The kitchen is closed."));
    let comment = horizon.comment(&bread, NewComment::new("Ada", "Good"), &ada).await;
    assert_eq!(comment.unwrap_err().kind(), ProblemKind::Refused);
    horizon.visit(&bread, &ada);
    let _live = horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap();
    assert_eq!(viewers(&fake, &horizon).await, Some(0));
    closed.store(false, Ordering::SeqCst);
    assert_eq!(horizon.like(&bread, &ada).await.unwrap().view.likes, 1);
    assert_eq!(fake.tracked().len(), 1);
}

#[tokio::test]
async fn a_comment_that_the_policy_holds_is_pending() {
    let (fake, builder) = stage();
    let horizon = builder
        .event_policy(|proposal: &ProposedEvent<'_>| match proposal.kind {
            EventKind::Comment { draft, .. } if draft.body().contains("casino") => Decision::Pending,
            _ => Decision::Accept,
        })
        .start(is_page)
        .await
        .unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = from(&horizon, [192, 0, 2, 1]);
    let post = async |body| {
        horizon
            .comment(&bread, NewComment::new("Ada", body), &ada)
            .await
            .unwrap()
    };
    assert!(!post("Good").await.pending);
    let held = post("my casino").await;
    assert!(held.pending);
    let stored = fake.comments().comment(held.view.id).await.unwrap().unwrap();
    assert_eq!(stored.visibility, Visibility::Pending);
    let topic: Topic = bread.clone().into();
    assert_eq!(horizon.stats(&[topic]).await.unwrap()[0].comments, 1);
}

#[tokio::test]
async fn an_unknown_page_uses_no_memory() {
    let (fake, builder) = stage();
    let horizon = builder.start(is_page).await.unwrap();
    assert_eq!(horizon.page("cake").await.unwrap_err().kind(), ProblemKind::UnknownPage);
    assert_eq!(
        horizon.page("no/../such").await.unwrap_err().kind(),
        ProblemKind::InvalidSlug
    );
    for request in [
        Request::get("/live/cake"),
        Request::put("/likes/cake"),
        Request::post("/comments/cake"),
    ] {
        let request = request.header("user-agent", FIREFOX).body(String::new()).unwrap();
        assert_eq!(horizon.handle([192, 0, 2, 1].into(), request).await.status(), 404);
    }
    horizon.close().await.unwrap();
    assert!(fake.tracked().is_empty());
}

#[tokio::test]
async fn a_page_load_and_the_stream_of_the_same_visitor_are_one_visit() {
    let (fake, builder) = stage();
    let horizon = builder
        .secret(Secret::from_bytes([7; 32]))
        .start(is_page)
        .await
        .unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = from(&horizon, [192, 0, 2, 1]);
    horizon.visit(&bread, &ada);
    drop(horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap());
    let robot = horizon.caller([192, 0, 2, 9].into(), [("user-agent", "Googlebot/2.1")]);
    horizon.visit(&bread, &robot);
    horizon.close().await.unwrap();
    let totals = fake.stats().totals(&[bread.into(), Topic::Site]).await.unwrap();
    assert_eq!(
        totals.iter().map(|total| total.stats.visits).collect::<Vec<_>>(),
        [1, 1]
    );
    assert!(horizon.metrics().contains("horizon_server_visits_total 1"));
}

#[tokio::test]
async fn a_visit_over_the_rate_of_the_network_leaves_nothing_in_memory() {
    let (_fake, builder) = stage();
    let builder = builder.configure(|config| config.rates.visits = Rate::new(1, 1));
    let horizon = builder.start(is_page).await.unwrap();
    let caller = from(&horizon, [192, 0, 2, 1]);
    let known = async |slug| {
        horizon.visit(&horizon.page(slug).await.unwrap(), &caller);
        let metrics = horizon.metrics();
        let line = metrics.lines().find(|line| line.contains("kind=\"day\""));
        line.expect("no number of entries").to_owned()
    };
    assert_eq!(known("bread").await, known("soup").await);
}

#[tokio::test]
async fn an_invisible_comment_is_rejected_and_counts_against_the_rate() {
    let (_fake, builder) = stage();
    let builder = builder.configure(|config| config.rates.comments = Rate::new(1, 1));
    let horizon = builder.start(is_page).await.unwrap();
    let (bread, caller) = (horizon.page("bread").await.unwrap(), from(&horizon, [192, 0, 2, 1]));
    for expected in [ProblemKind::InvalidField, ProblemKind::TooManyRequests] {
        // Only its HTML shows that nothing is visible.
        let problem = horizon
            .comment(&bread, NewComment::new("", "&#x202e;"), &caller)
            .await
            .unwrap_err();
        assert_eq!(problem.kind(), expected);
    }
}
