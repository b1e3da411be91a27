//! Who may read the dashboard.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eventhorizon::{
    Builder, Caller, DayRange, Horizon, Live, LiveOptions, Metric, OriginalUri, Query, ReportAccess, ReportPolicy,
    ResponseBody, RuleError, Slug, Value, async_trait,
    http::{Request, Response, StatusCode},
    testing::TestSite,
};
use futures::{StreamExt, future::join_all};
use tokio::time::{Instant, advance};

const TOKEN: &str = "a-token-of-the-tests";
const HTML: (&str, &str) = ("accept", "text/html");
const BASIC: &str = "Basic realm=\"Reports\", charset=\"UTF-8\"";
/// `ada:a-token-of-the-tests` in base64.
const CREDENTIALS: &str = "Basic YWRhOmEtdG9rZW4tb2YtdGhlLXRlc3Rz";

async fn site(set_up: impl FnOnce(Builder) -> Builder) -> Horizon {
    let builder = set_up(Horizon::in_memory());
    builder.start(|slug: &Slug| slug.as_str() == "bread").await.unwrap()
}

async fn send(horizon: &Horizon, address: [u8; 4], path: &str, headers: &[(&str, &str)]) -> Response<ResponseBody> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    horizon
        .handle(address.into(), request.body(String::new()).unwrap())
        .await
}

async fn get(horizon: &Horizon, path: &str, headers: &[(&str, &str)]) -> Response<ResponseBody> {
    send(horizon, [192, 0, 2, 1], path, headers).await
}

fn header<'a>(response: &'a Response<ResponseBody>, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn without_a_rule_and_a_token_there_is_no_dashboard() {
    let horizon = site(|builder| builder).await;
    let denied = site(|builder| builder.report_policy(|_: &Caller| ReportAccess::Denied)).await;
    for horizon in [horizon, denied] {
        for path in ["/dashboard", "/dashboard?period=7d", "/dashboard/live"] {
            for headers in [&[][..], &[HTML], &[("authorization", CREDENTIALS)]] {
                let response = get(&horizon, path, headers).await;
                assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path} {headers:?}");
                assert_eq!(header(&response, "www-authenticate"), "");
            }
        }
    }
}

#[tokio::test]
async fn a_token_opens_the_dashboard_as_a_bearer_token_and_as_a_password() {
    let horizon = site(|builder| {
        builder
            .reports_token("the first token")
            .unwrap()
            .reports_token(TOKEN)
            .unwrap()
    })
    .await;
    for token in ["Bearer a-token-of-the-tests", "Bearer the first token", CREDENTIALS] {
        let response = get(&horizon, "/dashboard", &[HTML, ("authorization", token)]).await;
        assert_eq!(response.status(), StatusCode::OK, "{token}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    }
    for (path, challenge) in [("/dashboard", BASIC), ("/dashboard/live", "Bearer")] {
        let response = get(&horizon, path, &[HTML]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(header(&response, "www-authenticate"), challenge, "{path}");
    }
}

#[tokio::test]
async fn a_token_wins_over_the_rule() {
    for access in [
        ReportAccess::Denied,
        ReportAccess::Public,
        ReportAccess::SignIn("/login".into()),
    ] {
        let rule = move |_: &Caller| access.clone();
        let horizon = site(|builder| builder.report_policy(rule).reports_token(TOKEN).unwrap()).await;
        let response = get(&horizon, "/dashboard", &[HTML, ("authorization", CREDENTIALS)]).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_dashboard_runs_no_foreign_code_and_stays_in_no_cache() {
    let horizon = site(|builder| builder.report_policy(|_: &Caller| ReportAccess::Full)).await;
    let response = get(&horizon, "/dashboard", &[]).await;
    for (name, value) in [
        ("cache-control", "private, no-store"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-robots-tag", "noindex"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
}

#[tokio::test]
async fn wrong_tokens_are_limited_per_network_and_the_right_one_always_works() {
    let horizon = site(|builder| builder.reports_token(TOKEN).unwrap()).await;
    let wrong = ("authorization", "Bearer a-wrong-token");
    for _ in 0..10 {
        let response = get(&horizon, "/dashboard", &[wrong]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    for path in ["/dashboard", "/dashboard/live"] {
        let limited = get(&horizon, path, &[wrong]).await;
        assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(!header(&limited, "retry-after").is_empty());
    }
    let other = send(&horizon, [192, 0, 2, 2], "/dashboard", &[wrong]).await;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        get(&horizon, "/dashboard", &[]).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let right = get(&horizon, "/dashboard", &[("authorization", CREDENTIALS)]).await;
    assert_eq!(right.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_token_for_a_proxy_does_not_keep_a_signed_in_caller_out() {
    let rule = |caller: &Caller| match caller.headers().contains_key("cookie") {
        true => ReportAccess::Full,
        false => ReportAccess::SignIn("/login".into()),
    };
    let horizon = site(|builder| builder.report_policy(rule).reports_token(TOKEN).unwrap()).await;
    for _ in 0..20 {
        let headers = [HTML, ("authorization", "Basic YWRhOnByb3h5"), ("cookie", "session=1")];
        assert_eq!(get(&horizon, "/dashboard", &headers).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_browser_without_a_session_signs_in_and_comes_back() {
    for (path, original, location) in [
        ("/login", None, "/login"),
        (
            "/login",
            Some("/horizon/dashboard"),
            "/login?back=%2Fhorizon%2Fdashboard",
        ),
        (
            "/login?lang=fr",
            Some("/numbers/dashboard?period=7d&page~=docs/"),
            "/login?lang=fr&back=%2Fnumbers%2Fdashboard%3Fperiod%3D7d%26page%7E%3Ddocs%2F",
        ),
    ] {
        let rule = move |_: &Caller| ReportAccess::SignIn(path.into());
        let horizon = site(|builder| builder.report_policy(rule).reports_token(TOKEN).unwrap()).await;
        let mut request = Request::get("/dashboard").header("accept", "text/html");
        if let Some(original) = original {
            request = request.extension(OriginalUri(original.parse().unwrap()));
        }
        let response = horizon
            .handle([192, 0, 2, 1].into(), request.body(String::new()).unwrap())
            .await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(header(&response, "location"), location);
        assert_eq!(header(&response, "cache-control"), "no-store");
        for path in ["/dashboard", "/dashboard/live"] {
            let response = get(&horizon, path, &[("accept", "*/*")]).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(header(&response, "www-authenticate"), "Bearer");
        }
    }
}

#[tokio::test]
async fn a_rule_without_an_answer_is_not_a_permission() {
    struct Down;
    #[async_trait]
    impl ReportPolicy for Down {
        async fn access(&self, _: &Caller) -> Result<ReportAccess, RuleError> {
            Err(RuleError::new("the database is down"))
        }
    }
    let horizon = site(|builder| builder.report_policy(Down).reports_token(TOKEN).unwrap()).await;
    for path in ["/dashboard", "/dashboard/live"] {
        assert_eq!(get(&horizon, path, &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let right = get(&horizon, "/dashboard", &[("authorization", CREDENTIALS)]).await;
    assert_eq!(right.status(), StatusCode::OK);
}

/// A site whose rule gives full access until the flag is set.
async fn site_with_end() -> (TestSite, Arc<AtomicBool>) {
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = Arc::clone(&ended);
    let rule = move |_: &Caller| match has_ended.load(Ordering::Relaxed) {
        false => ReportAccess::Full,
        true => ReportAccess::SignIn("/login".into()),
    };
    let site = TestSite::start_with(["bread"], |builder| builder.report_policy(rule)).await;
    (site, ended)
}

async fn open(horizon: &Horizon, path: &str) -> Live {
    let response = get(horizon, path, &[]).await;
    assert_eq!(header(&response, "content-type"), "text/event-stream");
    match response.into_body() {
        ResponseBody::Live(live) => live,
        other => panic!("{path} is {other:?}"),
    }
}

async fn next(live: &mut Live) -> String {
    String::from_utf8(live.next().await.unwrap().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_stream_says_what_happens_now_and_makes_nobody_a_viewer() {
    let (site, _) = site_with_end().await;
    let reader = site.open("bread", "Firefox").await;
    let mut live = open(&site.horizon, "/dashboard/live?page=bread").await;
    assert!(next(&mut live).await.starts_with("retry: "));
    let first = next(&mut live).await;
    assert!(
        first.starts_with("event: now\ndata: \"") && first.ends_with("\"\n\n"),
        "{first}"
    );
    assert_eq!(next(&mut live).await, "event: viewers\ndata: 1\n\n");
    let other = site.open("bread", "Chromium").await;
    let start = Instant::now();
    while next(&mut live).await != "event: viewers\ndata: 2\n\n" {}
    assert_eq!(start.elapsed(), Duration::from_secs(1), "at most one a second");
    drop((reader, other));
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_never_silent_for_longer_than_other_live_streams() {
    let (site, _) = site_with_end().await;
    let mut live = open(&site.horizon, "/dashboard/live?page=nothing").await;
    while next(&mut live).await != ":\n\n" {}
    for _ in 0..10 {
        let start = Instant::now();
        next(&mut live).await;
        assert!(
            start.elapsed() <= site.horizon.config().heartbeat / 2,
            "{:?}",
            start.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_when_the_access_ends_and_when_the_site_closes() {
    let (site, ended) = site_with_end().await;
    let mut live = open(&site.horizon, "/dashboard/live").await;
    next(&mut live).await;
    advance(Duration::from_secs(300)).await;
    next(&mut live).await;
    ended.store(true, Ordering::Relaxed);
    let start = Instant::now();
    while live.next().await.is_some() {}
    assert!(start.elapsed() <= Duration::from_secs(30), "{:?}", start.elapsed());

    ended.store(false, Ordering::Relaxed);
    let live = open(&site.horizon, "/dashboard/live").await;
    let reading = tokio::spawn(live.collect::<Vec<_>>());
    site.horizon.close().await.unwrap();
    reading.await.unwrap();
    let closed = get(&site.horizon, "/dashboard/live", &[]).await;
    assert_eq!(closed.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_open_streams_of_a_network_are_limited() {
    let horizon = site(|builder| {
        let builder = builder.report_policy(|_: &Caller| ReportAccess::Full);
        builder.configure(|config| config.network_limits.live_streams = 2)
    });
    let horizon = horizon.await;
    let _streams = [open(&horizon, "/dashboard/live").await, open(&horizon, "/live").await];
    let third = get(&horizon, "/dashboard/live", &[]).await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// A site with viewers of a page, whose dashboard is public, and full with a cookie.
async fn public_site(visitors: u8) -> (Horizon, Vec<Live>) {
    let rule = |caller: &Caller| match caller.headers().contains_key("cookie") {
        true => ReportAccess::Full,
        false => ReportAccess::Public,
    };
    let horizon = site(|builder| builder.report_policy(rule)).await;
    let page = horizon.page("bread").await.unwrap();
    let agent = [(
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    )];
    let readers = (1..=visitors).map(|number| horizon.caller([192, 0, 2, number].into(), agent));
    let streams = join_all(readers.map(async |reader| horizon.live(&reader, LiveOptions::page(&page)).await));
    let mut streams: Vec<Live> = streams.await.into_iter().map(Result::unwrap).collect();
    for stream in &mut streams {
        stream.next().await;
    }
    let today = Query::new(DayRange::ending(horizon.today(), 1)).metrics([Metric::Visitors]);
    while horizon.report(&today).await.unwrap().rows[0].metrics[0] != Value::Count(visitors.into()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (horizon, streams)
}

async fn text(horizon: &Horizon, path: &str, headers: &[(&str, &str)]) -> String {
    let response = get(horizon, path, headers).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    match response.into_body() {
        ResponseBody::Bytes(bytes) => String::from_utf8(bytes.into()).unwrap(),
        other => panic!("{path} is {other:?}"),
    }
}

const COOKIE: (&str, &str) = ("cookie", "session=1");

#[tokio::test]
async fn public_readers_see_pages_only_with_three_visitors() {
    for (visitors, is_shown) in [(2, false), (3, true)] {
        let (horizon, _viewers) = public_site(visitors).await;
        let full = text(&horizon, "/dashboard?period=today", &[COOKIE]).await;
        assert!(full.contains("bread"), "{full}");
        let public = text(&horizon, "/dashboard?period=today", &[]).await;
        assert_eq!(public.contains("bread"), is_shown, "{visitors}: {public}");
        assert!(public.contains("fewer than three visitors"), "{public}");
        for (headers, expected) in [(&[COOKIE][..], true), (&[], is_shown)] {
            let response = get(&horizon, "/dashboard/live", headers).await;
            let ResponseBody::Live(mut live) = response.into_body() else {
                panic!("no stream")
            };
            next(&mut live).await;
            let now = next(&mut live).await;
            assert!(now.starts_with("event: now\n"), "{now}");
            assert_eq!(now.contains("bread"), expected, "{visitors}: {now}");
        }
    }
}

#[tokio::test]
async fn public_readers_have_no_filters_pages_files_and_api() {
    let (horizon, _viewers) = public_site(3).await;
    let plain = text(&horizon, "/dashboard", &[]).await;
    assert!(!plain.contains("no single lists"), "{plain}");
    for ignored in [
        "page=bread",
        "source=google",
        "list=pages",
        "from=2020-01-01&to=2020-01-02",
        "metric=pageviews",
    ] {
        let page = text(&horizon, &format!("/dashboard?{ignored}"), &[]).await;
        assert!(
            page.contains("The public dashboard has no filters, no single lists"),
            "{ignored}: {page}"
        );
        assert!(
            !page.contains("csv") && !page.contains("page=bread") && !page.contains("2020"),
            "{page}"
        );
    }
    for (path, headers) in [("/reports/pages.csv", &[][..]), ("/reports/timeseries.csv", &[HTML])] {
        assert_eq!(
            get(&horizon, path, headers).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
        assert_eq!(get(&horizon, path, &[COOKIE]).await.status(), StatusCode::OK, "{path}");
    }
    let response = get(&horizon, "/dashboard/live?page=bread", &[]).await;
    let ResponseBody::Live(mut live) = response.into_body() else {
        panic!("no stream")
    };
    for _ in 0..2 {
        assert!(!next(&mut live).await.contains("event: viewers"));
    }
    let waiting = tokio::time::timeout(Duration::from_millis(300), live.next()).await;
    assert!(waiting.is_err(), "{waiting:?}");
}
