//! The dashboard of the blog in a real browser, over a seeded year of visits. What it shows is compared with the
//! sessions that the year was made of, not with the store.
#![expect(clippy::indexing_slicing, reason = "a missing value fails the test")]

use horizon_test_support::Browser;
use serde_json::json;

mod access;
mod accessibility;
mod author;
mod equality;
mod keyboard;
mod live;
mod questions;
mod shown_page;
mod size;
mod year;

/// The token of the author.
const ADMIN_TOKEN: &str = "the author of the year";

/// The path of the dashboard.
const DASHBOARD: &str = "/horizon/dashboard";

/// Forbids scripts in the pages of a browser.
async fn without_script(browser: &Browser) -> anyhow::Result<()> {
    let disabled = json!({ "value": true });
    browser
        .devtools("Emulation.setScriptExecutionDisabled", &disabled)
        .await
        .map(drop)
}
