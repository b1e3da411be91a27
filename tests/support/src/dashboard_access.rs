//! Who may open the dashboard, under any framework.

use std::net::SocketAddr;

use anyhow::ensure;

use crate::http::{self, Method};

/// The token for the reports of the application that [`assert_dashboard_is_protected`] checks.
pub const REPORTS_TOKEN: &str = "a-token-of-the-tests";

/// The token as the password of the user `ada` (RFC 7617), in base64.
const BASIC: &str = "Basic YWRhOmEtdG9rZW4tb2YtdGhlLXRlc3Rz";

/// Checks that an application with the contract at `base` opens the dashboard to the password [`REPORTS_TOKEN`]. Its
/// rule sends callers without a cookie to `/login`, and denies the access to all others.
///
/// # Errors
/// The application cannot be reached, or opens the dashboard to others.
pub async fn assert_dashboard_is_protected(address: SocketAddr, base: &str) -> anyhow::Result<()> {
    let (html, cookie) = (("accept", "text/html"), ("cookie", "session=1"));
    let path = format!("{base}/dashboard?period=7d");
    let login = http::send(address, Method::GET, &path, &[html], "").await?;
    let back = format!(
        "/login?back={}",
        path.replace('/', "%2F").replace('?', "%3F").replace('=', "%3D")
    );
    ensure!(login.status == 303 && login.header("location") == back, "{login:?}");

    let denied = http::send(address, Method::GET, &path, &[html, cookie], "").await?;
    let challenge = denied.header("www-authenticate");
    ensure!(
        denied.status == 401 && challenge.starts_with("Basic realm="),
        "{denied:?}"
    );

    let authorization = ("authorization", BASIC);
    let opened = http::send(address, Method::GET, &path, &[html, cookie, authorization], "").await?;
    let policy = opened.header("content-security-policy");
    ensure!(
        opened.status == 200 && policy.starts_with("default-src 'none'"),
        "{opened:?}"
    );

    let live = format!("{base}/dashboard/live");
    let mut live = http::open_stream(address, &live, &[cookie, authorization]).await?;
    live.read_until("event: now").await?;
    Ok(())
}
