use std::net::SocketAddr;

use anyhow::ensure;
use eventhorizon::{Builder, Caller, MAX_REQUEST_BYTES, Pages, ReportAccess, RuleError, async_trait};
use horizon_test_support::{
    Closing, REPORTS_TOKEN, assert_dashboard_is_protected, assert_paths_are_passed_on,
    http::{self, Method},
    time_to_leave, wait_until,
};
use poem::{Endpoint, Request, http::Uri};
use tokio::sync::oneshot;

use super::*;

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Runs a test with the application.
async fn with_application(builder: Builder, test: impl AsyncFnOnce(SocketAddr)) {
    with_pages(builder, is_page, test).await;
}

async fn with_pages(builder: Builder, pages: impl Pages + 'static, test: impl AsyncFnOnce(SocketAddr)) {
    let horizon = builder.start(pages).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = serve(listener, &horizon, async { drop(stopped.await) });
    let test = async {
        test(address).await;
        drop(stop);
    };
    let (served, ()) = tokio::join!(served, test);
    served.unwrap();
}

#[tokio::test]
async fn a_browser_opens_the_dashboard_of_poem_with_a_token_or_signs_in() {
    let rule = |caller: &Caller| match caller.headers().contains_key("cookie") {
        true => ReportAccess::Denied,
        false => ReportAccess::SignIn("/login".into()),
    };
    let builder = Horizon::in_memory().report_policy(rule).reports_token(REPORTS_TOKEN);
    with_application(builder.unwrap(), async |address| {
        assert_dashboard_is_protected(address, "/horizon").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn viewers_and_likes_show_on_a_page_of_poem() {
    with_application(Horizon::in_memory(), async |address| {
        let bread = http::get(address, "/bread").await.unwrap();
        assert!(bread.text().contains("data-slug=\"bread\""));
        assert_eq!(http::get(address, "/cake").await.unwrap().status, 404);
        let script = http::get(address, "/horizon/client.js").await.unwrap();
        assert!(script.text().contains("EventSource"));

        let live = "/horizon/live/bread";
        let mut first = http::open_stream(address, live, &[FIREFOX]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();
        let _second = http::open_stream(address, live, &[SAFARI]).await.unwrap();
        first.read_until("event: live\ndata: {\"viewers\":2").await.unwrap();

        let like = http::send(address, Method::PUT, "/horizon/likes/bread", &[SAFARI], "");
        assert_eq!(like.await.unwrap().text(), "{\"liked\":true,\"likes\":1}");
        first.read_until("\"likes\":1").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reader_who_leaves_a_page_of_poem_is_gone_within_the_heartbeat() {
    let heartbeat = Duration::from_secs(2);
    let builder = Horizon::in_memory().configure(|config| config.heartbeat = heartbeat);
    with_application(builder, async |address| {
        for (slug, closing) in [("bread", Closing::Finish), ("soup", Closing::Reset)] {
            let time = time_to_leave(address, "/horizon", slug, closing).await.unwrap();
            // Three seconds are the grace; the others are for a busy machine.
            let limit = heartbeat + Duration::from_secs(6);
            assert!(time <= limit, "{closing:?}: {time:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn poem_counts_page_loads_without_a_script() {
    with_application(Horizon::in_memory(), async |address| {
        for (path, status) in [("/bread", 200), ("/bread", 200), ("/cake", 404)] {
            assert_eq!(http::get(address, path).await.unwrap().status, status);
        }
        let counted = wait_until("the visit is counted", async || {
            let stats = http::get(address, "/horizon/stats").await?.text();
            ensure!(stats.contains("\"visits\":1"), "the stats are {stats}");
            Ok(())
        });
        counted.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_load_below_a_folder_counts_for_its_path_in_poem() {
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let app = Route::new()
        .at("/docs/:name", get(guide))
        .around(track_page_loads)
        .data(horizon.clone());
    let request = Request::builder().uri(Uri::from_static("/docs/guide"));
    let response = app.get_response(request.header(FIREFOX.0, FIREFOX.1).finish()).await;
    assert!(response.is_success());
    horizon.close().await.unwrap(); // records what is queued
    let slug = Slug::new("docs/guide").unwrap();
    assert_eq!(horizon.stats(&[slug.into()]).await.unwrap()[0].visits, 1);
}

#[handler]
fn guide() -> Html<&'static str> {
    Html("A guide")
}

struct UnavailablePages;

#[async_trait]
impl Pages for UnavailablePages {
    async fn exists(&self, _: &Slug) -> Result<bool, RuleError> {
        Err(std::io::Error::other("the database is down").into())
    }
}

#[tokio::test]
async fn a_page_of_poem_is_unavailable_while_its_rule_fails() {
    with_pages(Horizon::in_memory(), UnavailablePages, async |address| {
        assert_eq!(http::get(address, "/bread").await.unwrap().status, 503);
    })
    .await;
}

#[tokio::test]
async fn poem_gives_permission_to_configured_origins_and_limits_bodies() {
    let shop = "https://shop.example.com";
    let builder = Horizon::in_memory().configure(|config| {
        config.origins.push(shop.parse().unwrap());
        config.secure_cookies = true;
    });
    with_application(builder, async |address| {
        let headers = [("origin", shop), ("access-control-request-method", "PUT")];
        let preflight = http::send(address, Method::OPTIONS, "/horizon/likes/bread", &headers, "");
        let preflight = preflight.await.unwrap();
        assert_eq!(preflight.header("access-control-allow-origin"), shop);
        let large = " ".repeat(MAX_REQUEST_BYTES + 1);
        let rejected = http::send(address, Method::POST, "/horizon/comments/bread", &[JSON], large);
        assert_eq!(rejected.await.unwrap().status, 413);
    })
    .await;
}

#[tokio::test]
async fn poem_passes_on_the_path_of_a_page_as_it_was_sent() {
    with_application(Horizon::in_memory(), async |address| {
        assert_paths_are_passed_on(address, "/horizon").await.unwrap();
    })
    .await;
}
