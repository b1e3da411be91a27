//! The router matches the OpenAPI document.

use serde_json::Value;

use crate::site::AxumSite;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

#[tokio::test]
async fn the_document_lists_exactly_the_methods_of_each_route() {
    let site = AxumSite::start().await;
    let response = site.client().get("/openapi.json").await;
    assert_eq!(response.headers["content-type"], "application/json");
    let document: Value = response.read();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let path = path.replace("{slug}", "no-such-page").replace("{name}", "pages");
            let status = site.client().status(&method.to_uppercase(), &path).await;
            assert_eq!(operations.get(method).is_some(), status != 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_reference_in_the_document_resolves() {
    let site = AxumSite::start().await;
    let document: Value = site.client().get("/openapi.json").await.read();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(
                document.pointer(reference.trim_start_matches('#')).is_some(),
                "{reference}"
            );
        }
        match value {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_metrics_have_no_label_for_a_page() {
    let site = AxumSite::start().await;
    site.client().live("/live/hello").await.viewers(1).await;
    site.client().send("PUT", "/likes/hello", "").await;
    let metrics = site.horizon.metrics();
    for name in [
        "horizon_live_connections ",
        "horizon_live_pages ",
        "horizon_live_frames_total ",
        "horizon_connections ",
        "horizon_events_tracked_total{kind=\"like\"} 1",
    ] {
        assert!(metrics.contains(name), "{name} in {metrics}");
    }
    assert!(!metrics.contains("hello"));
}
