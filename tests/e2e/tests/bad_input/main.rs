//! Invalid input gets an error that names it, and the server keeps working.

#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

mod bytes;
mod memory;
mod requests;
mod worst_page;

use horizon_test_support::{WebServer, http};

/// Checks that the server responds and did not panic.
async fn answers_on(server: &WebServer) -> anyhow::Result<()> {
    let page = http::get(server.address(), "/blog/hello").await?;
    anyhow::ensure!(page.status == 200, "the blog answers {}", page.status);
    anyhow::ensure!(
        !server.log().contains("panicked"),
        "the server panicked:\n{}",
        server.log()
    );
    Ok(())
}
