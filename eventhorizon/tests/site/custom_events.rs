//! Custom events.

use eventhorizon::{
    CustomEvent, Decision, Error, EventId, EventKind, ExistingPage, Identity, ProblemKind, ProposedEvent, Rate, Topic,
    testing::{Call, TestSite},
};
use horizon_core::{EventName, OTHER_EVENTS};

fn event(name: &str) -> CustomEvent {
    CustomEvent::new(name).unwrap()
}

/// Returns how often an event happened on a page.
async fn count(site: &TestSite, page: &ExistingPage, name: &str) -> u64 {
    let stats = site.horizon.stats(&[page.clone().into()]).await.unwrap();
    stats[0].events.get(name)
}

#[tokio::test]
async fn an_event_of_any_caller_counts_and_is_an_interactive_visit_of_those_who_count() {
    let site = TestSite::start_with(["bread"], |builder| {
        builder.identify(
            |caller: &eventhorizon::Caller| match caller.extensions().get::<&str>() {
                Some(_) => Identity::uncounted(),
                None => Identity::unknown(),
            },
        )
    })
    .await;
    let bread = site.page("bread").await;
    let callers = [
        site.caller("Firefox"),
        site.caller("Firefox").with("author"),
        site.caller("curl/8.5.0"),
    ];
    for caller in &callers {
        let download = event("download").property("file", "guide.pdf").unwrap();
        site.horizon.track(&bread, caller, download).await.unwrap();
    }
    assert_eq!(count(&site, &bread, "download").await, 3);
    site.horizon.close().await.unwrap();
    let visits = site.fake.tracked().into_iter().filter_map(|event| match event.kind {
        EventKind::Visit(visit) => Some((event.topic, visit)),
        _ => None,
    });
    let visits: Vec<_> = visits.collect();
    let [(Topic::Site, visit)] = visits.as_slice() else {
        panic!("{visits:?}")
    };
    assert!(visit.interactive && visit.visitor.is_some());
    assert_eq!(visit.page.as_ref(), Some(&*bread));
}

#[tokio::test]
async fn the_policy_sees_the_name_and_the_properties() {
    let policy = |proposed: &ProposedEvent<'_>| match proposed.kind {
        EventKind::Custom { name, properties }
            if name.as_str() != "order" || properties.get("amount") != Some("9.5") =>
        {
            Decision::Reject("Only orders of 9.5.".into())
        }
        _ => Decision::Accept,
    };
    let site = TestSite::start_with(["bread"], |builder| builder.event_policy(policy)).await;
    let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    let order = event("order").property("amount", 9.5).unwrap();
    assert_eq!(site.horizon.track(&bread, &ada, order.clone()).await.unwrap().count, 1);
    assert_eq!(site.horizon.track(None, &ada, order).await.unwrap().count, 1);
    let refused = site.horizon.track(&bread, &ada, event("order")).await.unwrap_err();
    assert_eq!((refused.kind(), refused.status().as_u16()), (ProblemKind::Refused, 403));
}

#[tokio::test]
async fn an_event_with_a_known_name_needs_no_read_before_it_is_tracked() {
    let site = TestSite::start(["bread"]).await;
    let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    site.horizon.track(&bread, &ada, event("👍")).await.unwrap();
    let reads = site.fake.attempts(Call::Get);
    site.horizon.track(&bread, &ada, event("👍")).await.unwrap();
    assert_eq!(site.fake.attempts(Call::Get) - reads, 1, "only for the response");
    let _live = site.open("bread", "Safari").await;
    assert_eq!(count(&site, &bread, "👍").await, 2);
}

#[tokio::test]
async fn events_count_while_the_store_does_not_respond() {
    let site = TestSite::start(["bread"]).await;
    let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    let outage = site.fake.fail(Call::Get, Error::unavailable("the disk is gone"));
    for name in ["👍", "🎉"] {
        assert_eq!(site.horizon.track(&bread, &ada, event(name)).await.unwrap().count, 1);
    }
    outage.restore();
    assert_eq!(count(&site, &bread, "🎉").await, 1);
}

#[tokio::test]
async fn the_fake_counts_names_beyond_the_limit_as_other() {
    let much = |config: &mut eventhorizon::Config| config.rates.events = Rate::new(1_000, 1_000);
    let site = TestSite::start_with(["bread"], |builder| builder.configure(much)).await;
    let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    for number in 0..64 {
        site.horizon
            .track(&bread, &ada, event(&format!("event-{number}")))
            .await
            .unwrap();
    }
    let refused = site.horizon.track(&bread, &ada, event("new")).await.unwrap_err();
    assert!(
        refused
            .to_json()
            .contains("this page already has 64 names of custom events"),
        "{refused}"
    );
    // Another process accepted it at the same time.
    let kind = EventKind::Custom {
        name: EventName::new("new").unwrap(),
        properties: horizon_core::Properties::default(),
    };
    let stamp = horizon_core::Stamp::new(site.clock.now(), [7; 10]);
    let event = horizon_core::Event::new(stamp, (&bread).into(), kind);
    site.fake.bus().track(event).await.unwrap();
    assert_eq!(count(&site, &bread, OTHER_EVENTS).await, 1);
}

#[tokio::test]
async fn an_event_that_is_sent_again_counts_once() {
    let site = TestSite::start(["bread"]).await;
    let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    let order = event("order").idempotency_key(EventId::from_u128(7));
    for _ in 0..3 {
        assert_eq!(site.horizon.track(&bread, &ada, order.clone()).await.unwrap().count, 1);
    }
    assert_eq!(count(&site, &bread, "order").await, 1);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_one_event() {
    let much = |config: &mut eventhorizon::Config| config.rates.events = Rate::new(1_000, 1_000);
    let site = TestSite::start_with(["bread", "soup"], |builder| builder.configure(much)).await;
    let (bread, soup, ada) = (
        site.page("bread").await,
        site.page("soup").await,
        site.caller("Firefox"),
    );
    let key = EventId::from_u128(7);
    let track = async |page: &ExistingPage, name: &str| {
        let event = event(name).idempotency_key(key);
        site.horizon.track(page, &ada, event).await.map(|view| view.count)
    };
    assert_eq!(track(&bread, "order").await.unwrap(), 1);
    for number in 0..64 {
        let taken = track(&bread, &format!("event-{number}")).await.unwrap_err();
        assert_eq!((taken.kind(), taken.status().as_u16()), (ProblemKind::IdTaken, 409));
    }
    assert_eq!(track(&soup, "order").await.unwrap_err().kind(), ProblemKind::IdTaken);
    let new = site.horizon.track(&bread, &ada, event("new")).await.unwrap();
    assert_eq!(new.count, 1, "names of events that do not count use up no room");
    assert_eq!(track(&bread, "order").await.unwrap(), 1);
}
