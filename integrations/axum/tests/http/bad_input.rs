//! Invalid and malicious input.

use eventhorizon::Rate;
use serde_json::json;

use crate::{client::Client, site::AxumSite};

const COMMENTS: &str = "/comments/hello";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Checks that the site still accepts comments.
pub(crate) async fn is_well(site: &AxumSite) {
    let response = site.client().json(COMMENTS, &json!({"body": "still here"})).await;
    assert_eq!(response.status, 201);
}

/// Content type, body; status, problem, field.
type Case<'a> = (&'a str, &'a [u8], u16, &'a str, Option<&'a str>);

async fn are_refused(cases: &[Case<'_>]) {
    let site = AxumSite::start().await;
    for &(kind, body, status, name, field) in cases {
        let response = site
            .client()
            .with("content-type", kind)
            .send("POST", COMMENTS, body)
            .await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            response.problem(),
            (status, name.into(), field.map(Into::into)),
            "{kind} {shown:.40}"
        );
    }
    is_well(&site).await;
}

#[tokio::test]
async fn invalid_json_is_a_problem_with_a_reason() {
    let large = format!(r#"{{"body":"{}"}}"#, "x".repeat(64 * 1024));
    let (malformed, invalid) = ("malformed-body", "invalid-field");
    are_refused(&[
        (JSON, large.as_bytes(), 413, "body-too-large", None),
        (JSON, b"", 400, malformed, None),
        (JSON, b"{", 400, malformed, None),
        (JSON, br#"{"body":"trun"#, 400, malformed, None),
        (JSON, b"{\"body\":\"\xff\xfe\"}", 400, malformed, None),
        (JSON, br#"{"body":"a"} {"#, 400, malformed, None),
        (JSON, b"[]", 422, invalid, Some("body")),
        (JSON, b"7", 422, invalid, Some("body")),
        (JSON, br#"{"body":7}"#, 422, invalid, Some("body")),
        (JSON, br#"{"body":"a","author":{}}"#, 422, invalid, Some("author")),
        (JSON, br#"{"body":"a","body":"b"}"#, 422, invalid, Some("body")),
        (JSON, b"{}", 422, invalid, Some("body")),
        (JSON, b"{\"body\":null}", 422, invalid, Some("body")),
    ])
    .await;
}

#[tokio::test]
async fn an_invalid_form_is_a_problem_with_a_reason() {
    let large = format!("body={}", "x".repeat(64 * 1024));
    let (malformed, invalid) = ("malformed-body", "invalid-field");
    are_refused(&[
        (FORM, large.as_bytes(), 413, "body-too-large", None),
        (FORM, b"", 422, invalid, Some("body")),
        (FORM, b"body=%FF%FE", 400, malformed, None),
        (FORM, b"body=\xff", 400, malformed, None),
        (FORM, b"body=a&body=b", 400, malformed, None),
        (FORM, b"body=a&back=//evil.example", 422, invalid, Some("back")),
        (FORM, b"body=a&back=https://evil.example", 422, invalid, Some("back")),
    ])
    .await;
}

#[tokio::test]
async fn a_body_of_another_type_is_rejected() {
    let mut cases = Vec::new();
    for kind in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
        cases.push((kind, &b"{}"[..], 415, "unsupported-media-type", Some("Content-Type")));
    }
    are_refused(&cases).await;
    let site = AxumSite::start().await;
    assert_eq!(site.client().send("POST", COMMENTS, "{}").await.problem().0, 415);
    let json = site
        .client()
        .with("content-type", JSON)
        .send("POST", "/likes/hello", "{}")
        .await;
    assert_eq!(json.problem().0, 415);
}

const EVIL: [&str; 4] = ["a\r\nSet-Cookie: x=y", "a\nb", "a\0b", "\u{1b}[31m"];

#[tokio::test]
async fn a_text_without_a_visible_character_is_rejected_and_others_are_cleaned() {
    let site = AxumSite::start().await;
    for invisible in [
        "\u{202e}\u{200b}",
        "\u{3164}",
        "\u{200d}\n\u{2060}",
        "&#x200B;",
        "[](https://a.example)",
    ] {
        let response = site.client().json(COMMENTS, &json!({"body": invisible})).await;
        let expected = (422, "invalid-field".into(), Some("body".into()));
        assert_eq!(response.problem(), expected, "{invisible:?}");
    }
    let response = site
        .client()
        .json(COMMENTS, &json!({"body": "fine", "author": "\u{2060}"}))
        .await;
    assert_eq!(response.problem(), (422, "invalid-field".into(), Some("author".into())));
    let comment = json!({"body": "e\u{202e}vil \u{feff}", "author": "\u{200b}A\u{2066}da"});
    let view: serde_json::Value = site.client().json(COMMENTS, &comment).await.read();
    assert_eq!(
        (&view["html"], &view["author"]),
        (&"<p>evil</p>\n".into(), &"Ada".into())
    );
}

#[tokio::test]
async fn a_control_character_is_rejected_in_every_field() {
    let site = AxumSite::start().await;
    for evil in EVIL {
        for field in ["author", "body", "parent", "id"] {
            let mut comment = json!({"body": "fine"});
            comment[field] = evil.into();
            let response = site.client().json(COMMENTS, &comment).await;
            if field == "body" && !evil.contains(['\0', '\u{1b}']) {
                assert_eq!(response.status, 201, "a body may have lines");
                continue;
            }
            assert_eq!(
                response.problem(),
                (422, "invalid-field".into(), Some(field.into())),
                "{evil:?}"
            );
        }
        let encoded: String = evil.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for (path, form, field) in [
            (COMMENTS, format!("body=b&back=/{encoded}"), "back"),
            ("/likes/hello", format!("liked=true&back=/{encoded}"), "back"),
            ("/likes/hello", format!("liked={encoded}"), "liked"),
            ("/likes/hello", format!("liked=true&id={encoded}"), "id"),
        ] {
            let response = site.client().with("content-type", FORM).send("POST", path, form).await;
            assert_eq!(
                response.problem(),
                (422, "invalid-field".into(), Some(field.into())),
                "{evil:?}"
            );
        }
        let slug = site.client().get(&format!("/stats/{encoded}")).await;
        assert_eq!(slug.problem(), (400, "invalid-slug".into(), Some("slug".into())));
    }
    is_well(&site).await;
}

#[tokio::test]
async fn a_long_field_or_an_invalid_id_is_named() {
    let site = AxumSite::start().await;
    let long = json!({"body": "é".repeat(2001)});
    assert_eq!(
        site.client().json(COMMENTS, &long).await.problem().2,
        Some("body".into())
    );
    let long = json!({"body": "b", "author": "é".repeat(81)});
    assert_eq!(
        site.client().json(COMMENTS, &long).await.problem().2,
        Some("author".into())
    );
    let form = "liked=true&id=01890a5dac96774bbcceb302099a8057";
    for key in ["", "x", "\u{ff}", "0189"] {
        for (method, body) in [("PUT", ""), ("POST", form)] {
            let client = site.client().with("content-type", FORM).with("idempotency-key", key);
            let response = client.send(method, "/likes/hello", body).await;
            assert_eq!(
                response.problem(),
                (400, "invalid-header".into(), Some("Idempotency-Key".into()))
            );
        }
    }
    is_well(&site).await;
}

#[tokio::test]
async fn every_route_rejects_an_unknown_page() {
    let site = AxumSite::start().await;
    for (method, route) in [
        ("GET", "live"),
        ("GET", "stats"),
        ("PUT", "likes"),
        ("DELETE", "likes"),
        ("POST", "likes"),
        ("GET", "comments"),
        ("POST", "comments"),
    ] {
        let ask = async |slug: &str| {
            site.client()
                .send(method, &format!("/{route}/{slug}"), "")
                .await
                .problem()
        };
        assert_eq!(
            ask("no-such-page").await,
            (404, "unknown-page".into(), Some("slug".into()))
        );
        for bad in ["a%2Fb", "%FF", "a//b", "%00", &"x".repeat(513)] {
            assert_eq!(
                ask(bad).await,
                (400, "invalid-slug".into(), Some("slug".into())),
                "{method} {bad}"
            );
        }
    }
}

#[tokio::test]
async fn unknown_pages_use_no_memory() {
    let site = AxumSite::start().await;
    let router: axum::Router = horizon_axum::router(&site.horizon);
    for number in 0..100_000 {
        let request = http::Request::get(format!("/live/no-{number}"))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
        assert_eq!(response.status(), 404);
    }
    assert_eq!(site.metric("horizon_live_pages"), 0);
    assert_eq!(site.metric("horizon_live_connections"), 0);
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems() {
    let site = AxumSite::start().await;
    assert_eq!(
        site.client().get("/nothing").await.problem(),
        (404, "not-found".into(), None)
    );
    for (method, path, allowed) in [
        ("POST", "/live/hello", "GET, HEAD"),
        ("DELETE", "/stats", "GET, HEAD"),
        ("PATCH", "/likes/hello", "GET, HEAD, PUT, DELETE, POST"),
        ("PUT", COMMENTS, "GET, HEAD, POST"),
    ] {
        let response = site.client().send(method, path, "").await;
        assert_eq!(response.problem(), (405, "method-not-allowed".into(), None));
        assert_eq!(response.headers["allow"], allowed);
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_write() {
    let site = AxumSite::start().await;
    let from = |name, value: &str| -> Client { site.client().with(name, value) };
    for other in [
        from("sec-fetch-site", "cross-site"),
        from("sec-fetch-site", "same-site"),
        from("origin", "https://evil.example"),
        from("origin", "null"),
    ] {
        for (method, path) in [
            ("PUT", "/likes/hello"),
            ("DELETE", "/likes/hello"),
            ("POST", "/likes/hello"),
            ("POST", COMMENTS),
        ] {
            let response = other.send(method, path, "").await;
            assert_eq!(response.problem(), (403, "cross-site".into(), None), "{method} {path}");
        }
        assert_eq!(other.get("/stats/hello").await.status, 200);
    }
    assert_eq!(
        from("sec-fetch-site", "same-origin")
            .send("PUT", "/likes/hello", "")
            .await
            .status,
        200
    );
    assert_eq!(
        from("origin", "https://blog.example")
            .send("PUT", "/likes/hello", "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_response_to_a_plain_form_is_a_page() {
    let site = AxumSite::start().await;
    let response = site.client().form(COMMENTS, "body=+&author=%3Cscript%3E").await;
    assert_eq!(response.status, 422);
    assert_eq!(response.headers["content-type"], "text/html; charset=utf-8");
    assert!(response.body.contains("body must not be empty"), "{}", response.body);
    assert!(response.body.contains("back button"));
    let wrong_id = site.client().form("/likes/%3Cscript%3E", "liked=true").await;
    assert!(!wrong_id.body.contains("<script"), "{}", wrong_id.body);
    let script = site
        .client()
        .with("accept", "application/json, text/html")
        .with("content-type", FORM);
    assert_eq!(script.send("POST", COMMENTS, "").await.problem().0, 422);
}

#[tokio::test]
async fn a_person_who_opens_a_route_gets_a_page_and_a_program_a_document() {
    let site = AxumSite::start().await;
    let person = site
        .client()
        .with("accept", "text/html,*/*;q=0.8")
        .get("/stats/no-such-page")
        .await;
    assert_eq!(person.status, 404);
    assert_eq!(person.headers["content-type"], "text/html; charset=utf-8");
    assert!(!person.body.contains("back button"), "{}", person.body);
    let program = site.client().get("/stats/no-such-page").await;
    assert_eq!(program.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_rate_limited_network_gets_retry_after() {
    let site = AxumSite::with(|config, _| {
        config.rates.comments = Rate::new(5, 2);
        config.rates.likes = Rate::new(60, 1);
        config.rates.live_streams = Rate::new(60, 1);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    for _ in 0..5 {
        let mistake = site.client().json(COMMENTS, &json!({"body": ""})).await;
        assert_eq!(mistake.status, 422, "a mistake costs nothing of the share");
    }
    for _ in 0..2 {
        is_well(&site).await;
    }
    let response = site.client().json(COMMENTS, &json!({"body": "too much"})).await;
    assert_eq!(response.problem(), (429, "too-many-requests".into(), None));
    let wait: u64 = response.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(site.metric("horizon_rate_limited_total{kind=\"comment\"}"), 1);
    let neighbour = site.client().with("x-forwarded-for", "192.0.2.1");
    assert_eq!(neighbour.json(COMMENTS, &json!({"body": "fine"})).await.status, 201);
    for (method, path) in [("PUT", "/likes/hello"), ("GET", "/live/hello")] {
        drop(if method == "GET" {
            Some(site.client().live(path).await)
        } else {
            None
        });
        site.client().send("DELETE", "/likes/hello", "").await;
        assert_eq!(site.client().send(method, path, "").await.status, 429, "{method}");
    }
}
