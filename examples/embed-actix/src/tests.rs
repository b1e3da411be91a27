use std::{net::SocketAddr, time::Duration};

use actix_web::test::{TestRequest, call_service, init_service};
use anyhow::ensure;
use eventhorizon::{Builder, Caller, Config, MAX_REQUEST_BYTES, Pages, ReportAccess, RuleError, async_trait};
use horizon_test_support::{
    Closing, REPORTS_TOKEN, assert_dashboard_is_protected, assert_paths_are_passed_on,
    http::{self, Method},
    time_to_leave, wait_until,
};

use super::*;
use crate::horizon::end;

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");
const SAFARI: (&str, &str) = ("user-agent", "Mozilla/5.0 Safari/605.1");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Runs a test with the application.
async fn with_application(builder: Builder, test: impl AsyncFnOnce(SocketAddr)) {
    with_pages(builder, is_page, test).await;
}

async fn with_pages(builder: Builder, pages: impl Pages + 'static, test: impl AsyncFnOnce(SocketAddr)) {
    let horizon = builder.start(pages).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = serve(listener, &horizon).unwrap();
    let handle = server.handle();
    let served = actix_web::rt::spawn(server);
    test(address).await;
    end(&horizon, &handle).await.unwrap();
    served.await.unwrap().unwrap();
}

#[actix_web::test]
async fn viewers_likes_and_comments_show_on_a_page_of_actix() {
    with_application(Horizon::in_memory(), viewers_likes_and_comments).await;
}

async fn viewers_likes_and_comments(address: SocketAddr) {
    let page = http::get(address, "/bread").await.unwrap();
    assert!(page.text().contains("data-slug=\"bread\""));
    assert_eq!(http::get(address, "/cake").await.unwrap().status, 404);
    let script = http::get(address, "/horizon/client.js").await.unwrap();
    assert!(script.text().contains("EventSource"));

    let live = "/horizon/live/bread";
    let mut first = http::open_stream(address, live, &[FIREFOX]).await.unwrap();
    first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();
    let second = http::open_stream(address, live, &[SAFARI]).await.unwrap();
    first.read_until("event: live\ndata: {\"viewers\":2").await.unwrap();

    let like = http::send(address, Method::PUT, "/horizon/likes/bread", &[SAFARI], "")
        .await
        .unwrap();
    assert_eq!(like.text(), "{\"liked\":true,\"likes\":1}");
    first.read_until("\"likes\":1").await.unwrap();

    let comments = "/horizon/comments/bread";
    let comment = r#"{"author":"Ada","body":"Well *said*"}"#;
    let written = http::send(address, Method::POST, comments, &[SAFARI, JSON], comment)
        .await
        .unwrap();
    assert_eq!(written.status, 201);
    first.read_until("<p>Well <em>said</em></p>").await.unwrap();
    let stats = http::get(address, "/horizon/stats/bread").await.unwrap();
    assert!(stats.text().contains("\"comments\":1}"));
    let empty = r#"{"body":" "}"#;
    let rejected = http::send(address, Method::POST, comments, &[SAFARI, JSON], empty)
        .await
        .unwrap();
    assert!(rejected.text().contains("\"field\":\"body\""));

    drop(second);
    first.read_until("event: live\ndata: {\"viewers\":1").await.unwrap();
}

#[actix_web::test]
async fn a_browser_opens_the_dashboard_of_actix_with_a_token_or_signs_in() {
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

#[actix_web::test]
async fn actix_counts_page_loads_without_a_script() {
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

#[actix_web::test]
async fn a_page_load_below_a_folder_counts_for_its_path_in_actix() {
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let app = App::new()
        .app_data(web::Data::new(horizon.clone()))
        .route("/docs/{name}", web::get().to(async || Html::new("A guide")))
        .wrap(from_fn(horizon::track_page_loads));
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/docs/guide").insert_header(FIREFOX);
    assert!(call_service(&app, request.to_request()).await.status().is_success());
    horizon.close().await.unwrap(); // records what is queued
    let slug = Slug::new("docs/guide").unwrap();
    assert_eq!(horizon.stats(&[slug.into()]).await.unwrap()[0].visits, 1);
}

struct BrokenDatabase;

#[async_trait]
impl Pages for BrokenDatabase {
    async fn exists(&self, _: &Slug) -> Result<bool, RuleError> {
        Err(std::io::Error::other("the database is down").into())
    }
}

#[actix_web::test]
async fn a_page_of_actix_is_unavailable_while_its_rule_fails() {
    with_pages(Horizon::in_memory(), BrokenDatabase, async |address| {
        let page = http::get(address, "/bread").await.unwrap();
        assert_eq!(page.status, 503);
        assert_eq!(page.header("retry-after"), "2");
        assert!(page.text().starts_with("<!doctype html>"), "{}", page.text());
    })
    .await;
}

#[actix_web::test]
async fn actix_gives_permission_to_configured_origins_and_limits_bodies() {
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

#[actix_web::test]
async fn actix_notices_a_closed_connection_without_a_write() {
    let builder = Horizon::in_memory().configure(|config| config.heartbeat = Config::MAX_HEARTBEAT);
    with_application(builder, async |address| {
        for (slug, closing) in [("bread", Closing::Finish), ("soup", Closing::Reset)] {
            let time = time_to_leave(address, "/horizon", slug, closing).await.unwrap();
            // Three seconds are the grace; the others are for a busy machine.
            assert!(time <= Duration::from_secs(6), "{closing:?}: {time:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn actix_passes_on_the_path_of_a_page_as_it_was_sent() {
    with_application(Horizon::in_memory(), async |address| {
        assert_paths_are_passed_on(address, "/horizon").await.unwrap();
    })
    .await;
}
