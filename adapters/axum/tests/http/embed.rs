//! What an application has beside the router: extractors, the layer that counts without a script, other origins.

use axum::{Router, body::Body, extract::FromRef, response::Html, routing::get};
use eventhorizon::{Horizon, Slug, Topic};
use horizon_axum::{Reader, Requester, TrackVisits, Visitor};
use horizon_core::Timestamp;
use horizon_memory::testing::{Clock, Fake};
use http::{Request, Response, StatusCode, header};
use tower::ServiceExt;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const SHOP: &str = "https://shop.example.com";

async fn stage() -> (Fake, Horizon) {
    let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
    let fake = Fake::new(clock.clone());
    let horizon = Horizon::from_ports(fake.ports())
        .clock(move || clock.now())
        .configure(|config| config.origins.push(SHOP.parse().unwrap()))
        .start(|slug: &Slug| slug.as_str() == "bread")
        .await
        .unwrap();
    (fake, horizon)
}

async fn ask(app: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// An application's own state, with Horizon in it.
#[derive(Clone)]
struct State {
    horizon: Horizon,
}

impl FromRef<State> for Horizon {
    fn from_ref(state: &State) -> Self {
        state.horizon.clone()
    }
}

#[tokio::test]
async fn the_applications_own_handlers_know_who_asks() {
    let (_, horizon) = stage().await;
    let who = async |Requester(caller): Requester, Visitor(visitor): Visitor, Reader(reader): Reader| {
        let address = caller.address();
        format!("{address} {} {}", visitor.is_some(), reader.is_some())
    };
    let router = horizon_axum::router(&horizon);
    let app = Router::new()
        .route("/who", get(who))
        .nest("/horizon", router)
        .with_state(State { horizon });
    let says = async |headers: &[(&str, &str)]| {
        let answer = ask(&app, "GET", "/who", headers).await;
        let bytes = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap()
            .to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert_eq!(says(&[("user-agent", FIREFOX)]).await, "0.0.0.0 true false");
    assert_eq!(says(&[("user-agent", "Googlebot/2.1")]).await, "0.0.0.0 false false");
    let liked = ask(&app, "PUT", "/horizon/likes/bread", &[]).await;
    let cookie = liked.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert_eq!(says(&[("cookie", cookie)]).await, "0.0.0.0 false true");
}

#[tokio::test]
async fn a_page_counts_without_a_script_and_only_if_a_reader_got_it() {
    let (fake, horizon) = stage().await;
    let app = Router::new()
        .route("/{slug}", get(async || Html("<h1>Bread</h1>")))
        .route("/data/{slug}", get(async || "no page"))
        .layer(TrackVisits::new(&horizon));
    let firefox = ("user-agent", FIREFOX);
    for (method, path, headers, status) in [
        ("GET", "/bread", vec![firefox], 200),
        ("GET", "/bread", vec![firefox], 200),
        ("GET", "/bread", vec![("user-agent", "Mozilla/5.0 Safari/605.1")], 200),
        ("GET", "/bread", vec![("user-agent", "Googlebot/2.1")], 200),
        ("GET", "/bread", vec![firefox, ("sec-purpose", "prefetch")], 200),
        ("HEAD", "/bread", vec![firefox], 200),
        ("GET", "/cake", vec![firefox], 200),
        ("GET", "/data/bread", vec![firefox], 200),
        ("GET", "/no/such/bread", vec![firefox], 404),
    ] {
        assert_eq!(
            ask(&app, method, path, &headers).await.status(),
            status,
            "{method} {path}"
        );
    }
    horizon.close().await;
    let topic = Topic::from(Slug::new("bread").unwrap());
    assert_eq!(fake.stats().get(&[topic]).await.unwrap()[0].stats.visits, 2);
}

#[tokio::test]
async fn a_page_counts_by_the_applications_own_rule() {
    let (fake, horizon) = stage().await;
    let by_query = |uri: &http::Uri| Slug::new(uri.query()?.strip_prefix("recipe=")?).ok();
    let app = Router::new()
        .route("/", get(async || Html("<h1>Bread</h1>")))
        .layer(TrackVisits::new(&horizon).by(by_query));
    ask(&app, "GET", "/?recipe=bread", &[("user-agent", FIREFOX)]).await;
    ask(&app, "GET", "/", &[("user-agent", FIREFOX)]).await;
    horizon.close().await;
    assert_eq!(fake.tracked().len(), 2, "the page and the site");
}

#[tokio::test]
async fn a_page_of_a_named_origin_reads_and_writes_and_of_any_other_it_may_not() {
    let (_, horizon) = stage().await;
    let app: Router = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    let cross = ("sec-fetch-site", "cross-site");
    let named = ask(&app, "PUT", "/horizon/likes/bread", &[("origin", SHOP), cross]).await;
    assert_eq!(named.status(), StatusCode::OK);
    assert_eq!(named.headers()["access-control-allow-origin"], SHOP);
    assert_eq!(named.headers()["access-control-allow-credentials"], "true");
    let before = [
        ("origin", SHOP),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type,idempotency-key"),
    ];
    let asked = ask(&app, "OPTIONS", "/horizon/likes/bread", &before).await;
    assert_eq!(asked.status(), StatusCode::OK);
    assert!(
        asked.headers()["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("PUT")
    );
    for other in ["https://evil.example", "https://shop.example.com.evil.example", "null"] {
        let refused = ask(&app, "PUT", "/horizon/likes/bread", &[("origin", other), cross]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{other}");
        assert!(
            !refused.headers().contains_key("access-control-allow-origin"),
            "{other}"
        );
    }
}

#[tokio::test]
async fn without_named_origins_no_answer_speaks_of_them() {
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let app: Router = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    let answer = ask(&app, "GET", "/horizon/stats/bread", &[("origin", SHOP)]).await;
    let headers = answer.headers().keys();
    assert_eq!(
        headers
            .filter(|name| name.as_str().starts_with("access-control"))
            .count(),
        0
    );
    assert!(!answer.headers().contains_key(header::VARY));
}
