//! Invalid requests get an error, and the server keeps working.

#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

mod bytes;
mod flood;
mod memory;
mod requests;
mod worst_page;

use horizon_test_support::{WebServer, http};

/// Checks that the server responds and did not panic.
async fn is_alive(server: &WebServer) -> anyhow::Result<()> {
    let page = http::get(server.address(), "/blog/hello").await?;
    anyhow::ensure!(page.status == 200, "the blog returns {}", page.status);
    anyhow::ensure!(
        !server.log().contains("panicked"),
        "the server panicked:\n{}",
        server.log()
    );
    Ok(())
}
