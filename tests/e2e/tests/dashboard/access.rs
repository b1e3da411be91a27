//! Who may see the dashboard.

use anyhow::ensure;
use horizon_test_support::{ServerOptions, WebServer, browser_test, http};
use serde_json::json;

use crate::{ADMIN_TOKEN, DASHBOARD, author::DashboardReader};

/// The token of a program that reads reports.
const REPORTS_TOKEN: &str = "a program of the author";

/// The paths that only the author may read.
const PATHS: [&str; 3] = [DASHBOARD, "/horizon/dashboard/live", "/horizon/reports/pages.csv"];

/// Signs in and returns the cookie.
pub(crate) async fn session_cookie(server: &WebServer, token: &str) -> anyhow::Result<String> {
    let form = format!("token={}", token.replace(' ', "+"));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let response = http::send(server.address(), http::Method::POST, "/admin/login", &headers, form).await?;
    ensure!(
        response.status.is_redirection(),
        "{}: {}",
        response.status,
        response.text()
    );
    Ok(response.cookie())
}

#[tokio::test]
async fn without_a_token_the_blog_has_no_dashboard() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default()).await?;
    for path in PATHS {
        let response = http::get(server.address(), path).await?;
        ensure!(response.status == 404, "{path}: {}", response.status);
    }
    Ok(())
}

#[tokio::test]
async fn a_reader_gets_no_numbers_and_the_tokens_open_them() -> anyhow::Result<()> {
    let options = ServerOptions::default()
        .with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN)
        .with("HORIZON_REPORTS_TOKEN", REPORTS_TOKEN);
    let server = WebServer::start(options).await?;
    let status = async |path: &str, headers: &[(&str, &str)]| {
        http::status(server.address(), http::Method::GET, path, headers).await
    };
    let html = [("accept", "text/html")];
    let page = http::send(server.address(), http::Method::GET, DASHBOARD, &html, "").await?;
    ensure!(
        page.status == 303 && page.header("location").starts_with("/admin"),
        "{:?}",
        page.headers
    );
    for path in &PATHS[1..] {
        ensure!(status(path, &[]).await? == 401, "{path} is open");
        ensure!(
            status(path, &[("authorization", "Bearer a wrong token")]).await? == 401,
            "{path} is open"
        );
    }
    for token in [ADMIN_TOKEN, REPORTS_TOKEN] {
        let bearer = format!("Bearer {token}");
        for path in PATHS {
            let status = status(path, &[("authorization", &bearer)]).await?;
            ensure!(status == 200, "{path} with `{token}`: {status}");
        }
    }
    Ok(())
}

#[test]
fn signing_in_leads_back_to_the_dashboard_and_signing_out_closes_it() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN);
    browser_test(1, options, async |test| {
        test.expect_in_console("status of 401");
        let author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let browser = &author.browser;
        browser.open("/admin").await?;
        browser.click(&format!("a[href^='{DASHBOARD}']")).await?;
        browser
            .wait_for(
                "the dashboard is open",
                "return document.querySelector('#period') !== null",
            )
            .await?;
        browser.open("/admin").await?;
        browser.click("form[action='/admin/logout'] button").await?;
        browser
            .wait_for(
                "the author is out",
                "return document.querySelector('[name=token]') !== null",
            )
            .await?;
        browser.open(DASHBOARD).await?;
        browser
            .wait_for(
                "it asks for the token",
                "return document.querySelector('[name=token]') !== null",
            )
            .await
    })
}

#[test]
fn a_link_of_a_dashboard_whose_session_has_ended_leads_to_the_sign_in_page() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN);
    browser_test(1, options, async |test| {
        // The live stream may reconnect.
        test.expect_in_console("status of 401");
        let author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let browser = &author.browser;
        browser.devtools("Network.clearBrowserCookies", &json!({})).await?;
        browser.click("#period a[href='?period=7d']").await?;
        browser
            .wait_for(
                "the sign-in page has its own address",
                "return location.pathname === '/admin' && document.querySelector('[name=token]') !== null",
            )
            .await?;
        browser.type_into("input[name=token]", ADMIN_TOKEN).await?;
        browser.click("form[action='/admin/login'] button").await?;
        browser
            .wait_for(
                "the days of the link are shown",
                "return location.pathname + location.search === '/horizon/dashboard?period=7d'",
            )
            .await
    })
}
