//! Who may open the dashboard of an axum application.

use axum::Router;
use eventhorizon::{Caller, Horizon, ReportAccess, Slug};
use horizon_axum::Limits;
use horizon_test_support::{REPORTS_TOKEN, assert_dashboard_is_protected};
use tokio::{net::TcpListener, sync::oneshot};

#[tokio::test]
async fn a_browser_opens_the_dashboard_of_axum_with_a_token_or_signs_in() {
    let rule = |caller: &Caller| match caller.headers().contains_key("cookie") {
        true => ReportAccess::Denied,
        false => ReportAccess::SignIn("/login".into()),
    };
    let builder = Horizon::in_memory().report_policy(rule).reports_token(REPORTS_TOKEN);
    let horizon = builder.unwrap().start(|_: &Slug| true).await.unwrap();
    // Nested twice, as in an application with a path of its own.
    let numbers = Router::new().nest("/numbers", horizon_axum::router(&horizon));
    let app = Router::new().nest("/shop", numbers);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(async move {
        let served = horizon_axum::serve(listener, app, Limits::default(), shutdown, &horizon);
        served.await.is_ok()
    });
    assert_dashboard_is_protected(address, "/shop/numbers").await.unwrap();
    stop.send(()).unwrap();
    assert!(server.await.unwrap());
}
