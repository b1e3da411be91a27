//! The extractors, the layer that counts visits, and other origins.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef,
    middleware::from_fn,
    response::Html,
    routing::get,
};
use eventhorizon::{Horizon, LiveOptions, ProblemKind, Slug, Topic};
use horizon_axum::{ProblemResponse, Reader, Requester, TrackVisits, Visitor, problem_pages};
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
        .configure(|config| {
            config.origins.push(SHOP.parse().unwrap());
            config.secure_cookies = true;
        })
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

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1024).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An application's state that contains a `Horizon`.
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
async fn handlers_of_the_application_have_the_caller() {
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
    let caller = async |headers: &[(&str, &str)]| text(ask(&app, "GET", "/who", headers).await).await;
    assert_eq!(caller(&[("user-agent", FIREFOX)]).await, "0.0.0.0 true false");
    assert_eq!(caller(&[("user-agent", "Googlebot/2.1")]).await, "0.0.0.0 false false");
    let liked = ask(&app, "PUT", "/horizon/likes/bread", &[]).await;
    let cookie = liked.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert_eq!(caller(&[("cookie", cookie)]).await, "0.0.0.0 false true");
}

#[tokio::test]
async fn a_catch_all_route_of_the_application_leaves_the_routes_alone() {
    let (_, horizon) = stage().await;
    let page = async || Html("<h1>Page</h1>");
    let app: Router = Router::new()
        .route("/", get(page))
        .route("/{*path}", get(page))
        .nest("/horizon", horizon_axum::router(&horizon));
    assert_eq!(text(ask(&app, "GET", "/docs/bread", &[]).await).await, "<h1>Page</h1>");
    for (method, path, status) in [
        ("GET", "/horizon/stats/bread", 200),
        ("GET", "/horizon/client.js", 200),
        ("PUT", "/horizon/likes/bread", 200),
        ("GET", "/horizon/stats/", 404),
        ("DELETE", "/horizon/stats/bread", 405),
        ("GET", "/horizon/none", 404),
    ] {
        let response = ask(&app, method, path, &[("user-agent", FIREFOX)]).await;
        assert_eq!(response.status(), status, "{method} {path}");
    }
}

#[tokio::test]
async fn a_page_counts_without_a_script_and_only_if_it_was_delivered() {
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
    horizon.close().await.unwrap();
    let topic = Topic::from(Slug::new("bread").unwrap());
    assert_eq!(fake.stats().totals(&[topic]).await.unwrap()[0].stats.visits, 2);
}

#[tokio::test]
async fn a_page_counts_by_its_path_also_in_a_nested_router() {
    let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
    let fake = Fake::new(clock.clone());
    let horizon = Horizon::from_ports(fake.ports()).clock(move || clock.now());
    let is_page = |slug: &Slug| matches!(slug.as_str(), "/" | "docs/intro" | "docs/a b/é" | "intro" | "hello");
    let horizon = horizon.start(is_page).await.unwrap();
    let docs: Router = Router::new().fallback(async || Html("<h1>Docs</h1>"));
    let docs = docs.layer(TrackVisits::new(&horizon));
    let app = Router::new()
        .route("/", get(async || Html("<h1>Home</h1>")))
        .route("/blog/{slug}", get(async || Html("<h1>Post</h1>")))
        .layer(TrackVisits::new(&horizon))
        .nest("/docs", docs);
    for path in [
        "/",
        "/docs/intro?a=b",
        "/docs/intro/",
        "/docs/a%20b/%C3%A9",
        "/blog/hello",
        "/docs/none",
        "/docs/a%2Fb",
    ] {
        let response = ask(&app, "GET", path, &[("user-agent", FIREFOX)]).await;
        assert_eq!(response.status(), 200, "{path}");
    }
    horizon.close().await.unwrap();
    let tracked = fake.tracked();
    let pages: Vec<&str> = tracked
        .iter()
        .filter_map(|event| Some(event.topic.slug()?.as_str()))
        .collect();
    assert_eq!(pages, ["/", "docs/intro", "docs/intro", "docs/a b/é", "hello"]);
}

#[tokio::test]
async fn a_page_counts_by_the_applications_own_rule() {
    let (fake, horizon) = stage().await;
    let by_query = |uri: &http::Uri| Slug::new(uri.query()?.strip_prefix("recipe=")?).ok();
    let app = Router::new()
        .route("/", get(async || Html("<h1>Bread</h1>")))
        .layer(TrackVisits::new(&horizon).slug_from(by_query));
    ask(&app, "GET", "/?recipe=bread", &[("user-agent", FIREFOX)]).await;
    ask(&app, "GET", "/", &[("user-agent", FIREFOX)]).await;
    horizon.close().await.unwrap();
    assert_eq!(fake.tracked().len(), 2, "the page and the site");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_gets_permission_from_the_router() {
    let (_, horizon) = stage().await;
    let app: Router = Router::new().nest("/horizon", horizon_axum::router(&horizon));
    let preflight = [("origin", SHOP), ("access-control-request-method", "PUT")];
    let allowed = ask(&app, "OPTIONS", "/horizon/likes/bread", &preflight).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(allowed.headers()["access-control-allow-origin"], SHOP);
    let refused = ask(
        &app,
        "PUT",
        "/horizon/likes/bread",
        &[("origin", "https://evil.example")],
    )
    .await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_anonymous_page_load_and_its_stream_are_one_visit() {
    let (fake, horizon) = stage().await;
    let signal = [("user-agent", FIREFOX), ("sec-gpc", "1")];
    let page = get(async || Html("<h1>Bread</h1>"));
    let alone = Router::new()
        .route("/{slug}", page.clone())
        .layer(TrackVisits::new(&horizon));
    let router = Router::new()
        .route("/{slug}", page)
        .layer(TrackVisits::new(&horizon).with_live_streams());
    ask(&alone, "GET", "/bread", &signal).await;
    ask(&router, "GET", "/bread/", &signal).await;
    ask(&router, "GET", "/bread", &signal).await;
    let bread = horizon.page("bread").await.unwrap();
    let caller = horizon.caller([192, 0, 2, 1].into(), signal);
    drop(horizon.live(&caller, LiveOptions::page(&bread)).await.unwrap());
    horizon.close().await.unwrap();
    let total = fake.stats().totals(&[bread.into()]).await.unwrap()[0].stats.visits;
    assert_eq!(total, 2, "one of the page alone, one of the stream");
}

#[tokio::test]
async fn a_problem_whose_format_depends_on_the_accept_header_says_so() {
    async fn unknown() -> ProblemResponse {
        ProblemKind::UnknownPage.into()
    }
    let (_, horizon) = stage().await;
    let app = Router::new()
        .route("/unknown", get(unknown))
        .route("/varied", get(async || ([(header::VARY, "cookie")], unknown().await)))
        .layer(from_fn(problem_pages))
        .nest("/horizon", horizon_axum::router(&horizon));
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (accept, method, path, vary) in [
        ("*/*", "GET", "/unknown", "accept"),
        ("text/html", "GET", "/unknown", "accept"),
        ("text/html", "GET", "/varied", "cookie, accept"),
        ("*/*", "GET", "/horizon/stats/stew", "accept, origin"),
        ("text/html", "POST", "/horizon/likes/stew", "accept, origin"),
        ("text/html", "GET", "/horizon/stats/bread", "origin"),
    ] {
        let response = ask(&app, method, path, &[("accept", accept), form]).await;
        let lines: Vec<&str> = response
            .headers()
            .get_all(header::VARY)
            .iter()
            .map(|line| line.to_str().unwrap())
            .collect();
        assert_eq!(lines.join(", "), vary, "{method} {path} {accept}");
    }
}
