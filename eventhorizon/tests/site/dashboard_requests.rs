//! Requests to the dashboard: the rate of the public one, and how a browser is asked for a token.

use eventhorizon::{
    Builder, Caller, Horizon, ReportAccess, ResponseBody, Slug,
    http::{Request, Response, StatusCode, header},
};

const TOKEN: &str = "a-token-of-the-tests";
/// `ada:a-token-of-the-tests` in base64.
const CREDENTIALS: &str = "Basic YWRhOmEtdG9rZW4tb2YtdGhlLXRlc3Rz";
const WRONG_CREDENTIALS: &str = "Basic YWRhOmd1ZXNz";

async fn site(access: ReportAccess, set_up: impl FnOnce(Builder) -> Builder) -> Horizon {
    let builder = Horizon::in_memory().report_policy(move |_: &Caller| access.clone());
    set_up(builder).start(|_: &Slug| true).await.unwrap()
}

async fn get(horizon: &Horizon, address: [u8; 4], path: &str, authorization: &str) -> Response<ResponseBody> {
    let mut request = Request::get(path).header(header::ACCEPT, "text/html");
    if !authorization.is_empty() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    horizon
        .handle(address.into(), request.body(String::new()).unwrap())
        .await
}

#[tokio::test]
async fn a_network_opens_the_public_dashboard_sixty_times_at_once() {
    let horizon = site(ReportAccess::Public, |builder| builder.reports_token(TOKEN).unwrap()).await;
    let (one, other) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    for _ in 0..60 {
        let opened = get(&horizon, one, "/dashboard", "").await;
        assert_eq!(opened.status(), StatusCode::OK);
    }
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let opened = get(&horizon, one, "/dashboard?period=all", "").await;
        statuses.push((opened.status(), opened.headers().get(header::RETRY_AFTER).cloned()));
    }
    let limited = (StatusCode::TOO_MANY_REQUESTS, Some("1".parse().unwrap()));
    assert!(statuses.contains(&limited), "{statuses:?}");
    let with_token = get(&horizon, one, "/dashboard", CREDENTIALS).await;
    assert_eq!(with_token.status(), StatusCode::OK);
    assert_eq!(get(&horizon, other, "/dashboard", "").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_browser_asks_for_a_token_where_it_would_sign_in_or_see_the_public_dashboard() {
    let address = [192, 0, 2, 1];
    for (access, otherwise) in [
        (ReportAccess::SignIn("/login".into()), StatusCode::SEE_OTHER),
        (ReportAccess::Public, StatusCode::OK),
        (ReportAccess::Denied, StatusCode::UNAUTHORIZED),
    ] {
        let horizon = site(access, |builder| builder.reports_token(TOKEN).unwrap()).await;
        assert_eq!(get(&horizon, address, "/dashboard", "").await.status(), otherwise);
        for path in ["/dashboard?basic-auth", "/dashboard?period=7d&basic-auth"] {
            for authorization in ["", WRONG_CREDENTIALS] {
                let asked = get(&horizon, address, path, authorization).await;
                assert_eq!(asked.status(), StatusCode::UNAUTHORIZED, "{otherwise}: {path}");
                let challenge = asked.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
                assert!(challenge.starts_with("Basic realm="), "{challenge}");
            }
            let opened = get(&horizon, address, path, CREDENTIALS).await;
            assert_eq!(opened.status(), StatusCode::OK, "{otherwise}: {path}");
            let ResponseBody::Bytes(page) = opened.into_body() else {
                panic!("no page")
            };
            let page = String::from_utf8(page.into()).unwrap();
            assert!(page.contains("<a href=\"?") && !page.contains("basic-auth"), "{page}");
        }
    }
}

#[tokio::test]
async fn without_a_token_no_browser_asks_for_one() {
    let address = [192, 0, 2, 1];
    for (access, status) in [
        (ReportAccess::Full, StatusCode::OK),
        (ReportAccess::Public, StatusCode::OK),
        (ReportAccess::SignIn("/login".into()), StatusCode::SEE_OTHER),
        (ReportAccess::Denied, StatusCode::NOT_FOUND),
    ] {
        let horizon = site(access, |builder| builder).await;
        let response = get(&horizon, address, "/dashboard?basic-auth", "").await;
        assert_eq!(response.status(), status);
    }
    let signed_in = site(ReportAccess::Full, |builder| builder.reports_token(TOKEN).unwrap()).await;
    let response = get(&signed_in, address, "/dashboard?basic-auth", "").await;
    assert_eq!(response.status(), StatusCode::OK);
}
