//! Paths of pages through a web framework.

use std::net::SocketAddr;

use anyhow::{Context, ensure};

use crate::raw;

/// Checks that a framework passes on the paths of pages as they were sent. The contract is nested below `base`, and the
/// site has none of these pages: the problem documents name them.
///
/// # Errors
/// A path was decoded, normalized or refused by the framework.
pub async fn assert_paths_are_passed_on(address: SocketAddr, base: &str) -> anyhow::Result<()> {
    for (path, status, reason) in [
        ("docs/a%20b/%C3%A9", 404, "`docs/a b/é` is not a page"),
        ("docs/guide/", 404, "`docs/guide` is not a page"),
        ("a%3Fb%2525", 404, "`a?b%25` is not a page"),
        ("", 404, "`/` is not a page"),
        ("docs%2Fintro", 400, "not as %2F"),
        ("docs//intro", 400, "slash"),
        ("/docs", 400, "slash"),
        ("docs/%2E%2E/a", 400, "`..`"),
    ] {
        // HTTP clients change some of the paths.
        let request = format!("GET {base}/stats/{path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        let response = raw::exchange(address, request.as_bytes()).await.context(path)?;
        let is_expected = response.starts_with(&format!("HTTP/1.1 {status} ")) && response.contains(reason);
        ensure!(is_expected, "{path}: {response}");
    }
    Ok(())
}
