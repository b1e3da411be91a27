//! Custom events.

use horizon_core::{Event, EventBus, EventKind, EventName, Properties, Stamp};
use http::header;
use serde_json::{Value, json};

use crate::{
    client::TestResponse,
    site::{AxumSite, topic},
};

const KEY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn assert_event(response: &TestResponse, name: &str, count: u64) {
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.headers["cache-control"], "no-store");
    assert!(!response.headers.contains_key(header::SET_COOKIE));
    assert_eq!(response.read::<Value>(), json!({ "name": name, "count": count }));
}

/// Asserts that the event is refused because of this field, for a reason with these words.
#[track_caller]
fn assert_refused(response: &TestResponse, field: &str, words: &str) {
    assert_eq!(response.problem(), (422, "invalid-field".into(), Some(field.into())));
    assert!(response.body.contains(words), "{}", response.body);
}

#[tokio::test]
async fn events_count_by_page_and_name() {
    let site = AxumSite::start().await;
    let reader = site.client();
    for count in 1..=3 {
        assert_event(
            &reader.json("/events/hello", &json!({ "name": "👍" })).await,
            "👍",
            count,
        );
    }
    let download = json!({ "name": " download ", "properties": { "file": "guide.pdf", "pages": 12, "free": true } });
    assert_event(&reader.json("/events/hello", &download).await, "download", 1);
    assert_event(&reader.json("/events/other", &download).await, "download", 1);
    assert_event(
        &reader.json("/events", &json!({ "name": "sign-up" })).await,
        "sign-up",
        1,
    );
    let stats = reader.get("/stats/hello").await.read::<Value>();
    assert_eq!(stats["events"], json!({ "download": 1, "👍": 3 }));
    assert_eq!(
        reader.get("/stats").await.read::<Value>()["events"],
        json!({ "sign-up": 1 })
    );
    assert_eq!(reader.get("/stats/new").await.read::<Value>().get("events"), None);
    assert_eq!(site.metric("horizon_events_tracked_total{kind=\"custom\"}"), 6);
}

#[tokio::test]
async fn an_event_shows_on_the_live_streams_of_its_page() {
    let site = AxumSite::start().await;
    let mut live = site.client().live("/live/hello").await;
    let mut list = site.client().agent(2).live("/live?page=hello").await;
    live.viewers(1).await;
    for count in 1..=2 {
        assert_event(
            &site.client().json("/events/hello", &json!({ "name": "👍" })).await,
            "👍",
            count,
        );
        for (stream, name) in [(&mut live, "live"), (&mut list, "page")] {
            stream.until(name, |stats: &Value| stats["events"]["👍"] == count).await;
        }
    }
}

#[tokio::test]
async fn a_repeated_event_counts_once() {
    let site = AxumSite::start().await;
    let event = json!({ "name": "order", "properties": { "amount": 9.5 } });
    let retrying = site.client().with("idempotency-key", KEY);
    site.bus.set_down(true);
    let response = retrying.json("/events/hello", &event).await;
    assert_eq!(response.problem(), (503, "unavailable".into(), None));
    assert_eq!(site.metric("horizon_events_failed_total{kind=\"custom\"}"), 1);
    site.bus.set_down(false);
    for _ in 0..3 {
        assert_event(&retrying.json("/events/hello", &event).await, "order", 1);
    }
    let with_id = json!({ "name": "order", "id": KEY.replace('8', "9") });
    for _ in 0..2 {
        assert_event(&site.client().json("/events/hello", &with_id).await, "order", 2);
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_the_reason() {
    let site = AxumSite::start().await;
    let reader = site.client();
    let names = [
        (json!({}), "must not be empty"),
        (json!({ "name": "x".repeat(121) }), "has 121 bytes"),
        (json!({ "name": "(other)" }), "stands for the names beyond the limit"),
        (json!({ "name": "a\u{7}b" }), "U+0007"),
    ];
    for (event, words) in names {
        assert_refused(&reader.json("/events/hello", &event).await, "name", words);
    }
    let many: serde_json::Map<String, Value> = (0..31).map(|number| (number.to_string(), json!(1))).collect();
    let properties = [
        (json!(many), "properties", "more than 30"),
        (json!({ "": 1 }), "properties", "empty key"),
        (json!({ "k".repeat(65): 1 }), "properties", "65 bytes"),
        (
            json!({ "k": "v".repeat(501) }),
            "properties",
            "501 bytes for the key `k`",
        ),
        (
            json!({ "k": null }),
            "properties.k",
            "expected a string, a number or a boolean",
        ),
        (
            json!({ "k": [1] }),
            "properties.k",
            "expected a string, a number or a boolean",
        ),
        (json!([]), "properties", "expected a map"),
    ];
    for (properties, field, words) in properties {
        let event = json!({ "name": "x", "properties": properties });
        assert_refused(&reader.json("/events/hello", &event).await, field, words);
    }
    let unknown = reader.json("/events/no-page", &json!({ "name": "x" })).await;
    assert_eq!(unknown.problem(), (404, "unknown-page".into(), Some("slug".into())));
    assert_eq!(reader.get("/events/hello").await.headers["allow"], "POST");
    let other_site = reader.clone().with("origin", "https://evil.example");
    let response = other_site.json("/events/hello", &json!({ "name": "x" })).await;
    assert_eq!(response.problem(), (403, "cross-site".into(), None));
    assert_eq!(site.metric("horizon_events_tracked_total{kind=\"custom\"}"), 0);
}

#[tokio::test]
async fn a_page_has_at_most_64_names() {
    let site = AxumSite::start().await;
    let reader = site.client();
    let event = |number: u32| json!({ "name": format!("event-{number}") });
    for number in 0..64 {
        assert_event(
            &reader.json("/events/hello", &event(number)).await,
            &format!("event-{number}"),
            1,
        );
    }
    let words = "this page already has 64 names of custom events";
    assert_refused(&reader.json("/events/hello", &event(64)).await, "name", words);
    assert_event(&reader.json("/events/hello", &event(0)).await, "event-0", 2);
    assert_event(&reader.json("/events/other", &event(64)).await, "event-64", 1);
    for number in 0..64 {
        reader.json("/events", &event(number)).await;
    }
    assert_refused(
        &reader.json("/events", &event(64)).await,
        "name",
        "this site already has 64 names",
    );
}

#[tokio::test]
async fn a_name_that_other_processes_squeezed_out_counts_as_other() {
    let site = AxumSite::start().await;
    assert_event(
        &site.client().json("/events/hello", &json!({ "name": "first" })).await,
        "first",
        1,
    );
    for number in 0..64_u8 {
        let name = EventName::new(&format!("event-{number}")).unwrap();
        let kind = EventKind::Custom {
            name,
            properties: Properties::default(),
        };
        let event = Event::new(Stamp::new(horizon_backend::now(), [number; 10]), topic("hello"), kind);
        site.bus.track(event).await.unwrap();
    }
    let stats = site.client().get("/stats/hello").await.read::<Value>();
    assert_eq!(
        (&stats["events"]["(other)"], &stats["events"]["first"]),
        (&json!(1), &json!(1))
    );
    let response = site
        .client()
        .json("/events/hello", &json!({ "name": "event-63" }))
        .await;
    assert_refused(&response, "name", "already has 64 names");
}

#[tokio::test]
async fn a_plain_form_sends_an_event_and_redirects_back() {
    let site = AxumSite::start().await;
    let form = format!("name=%F0%9F%91%8D&prop-shelf=3&token=secret&id={KEY}&back=%2Fblog%2Fhello");
    for _ in 0..2 {
        let response = site.client().form("/events/hello", &form).await;
        assert_eq!(
            (response.status.as_u16(), response.headers["location"].to_str().unwrap()),
            (303, "/blog/hello")
        );
    }
    assert_eq!(
        site.client().get("/stats/hello").await.read::<Value>()["events"],
        json!({ "👍": 1 })
    );
    let response = site.client().form("/events/hello", "name=x&prop-k=1&prop-k=2").await;
    assert_eq!(response.status, 422);
    assert!(response.body.contains("has the key `k` twice"), "{}", response.body);
    site.bus.set_down(true);
    let response = site.client().form("/events/hello", "name=x&prop-k=1").await;
    assert_eq!(response.status, 503);
    for field in [
        "name=\"name\" value=\"x\"",
        "name=\"prop-k\" value=\"1\"",
        "name=\"id\" value=\"",
    ] {
        assert!(response.body.contains(field), "{}", response.body);
    }
}

#[tokio::test]
async fn a_network_has_a_rate_and_a_limit_of_events() {
    let site = AxumSite::with(|config, _| {
        config.rates.events = eventhorizon::Rate::new(1, 3);
        config.network_limits.events = 2;
    })
    .await;
    let send = async || site.client().json("/events/hello", &json!({ "name": "👍" })).await;
    assert_event(&send().await, "👍", 1);
    assert_event(&send().await, "👍", 2);
    for _ in 0..2 {
        let response = send().await;
        assert_eq!(response.problem(), (429, "too-many-requests".into(), None));
        assert!(response.headers.contains_key(header::RETRY_AFTER));
    }
    for kind in ["event_day", "event"] {
        assert_eq!(
            site.metric(&format!("horizon_rate_limited_total{{kind=\"{kind}\"}}")),
            1,
            "{kind}"
        );
    }
}
