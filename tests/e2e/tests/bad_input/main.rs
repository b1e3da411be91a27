//! What a stranger may send: every answer says what is wrong, and the server answers on.

#![expect(clippy::indexing_slicing, reason = "a key that is not there shall fail the test")]

mod bytes;
mod memory;
mod requests;
mod worst_page;

use horizon_test_support::{WebServer, http};

/// The server runs, serves, and never panicked.
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
