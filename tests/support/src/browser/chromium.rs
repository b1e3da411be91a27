//! Debian's Chromium through its ChromeDriver.

use std::path::Path;

use fantoccini::Client;
use serde_json::{Map, json};

use super::{
    driver::{Driver, find},
    observer,
};
use crate::DEADLINE;

/// What ChromeDriver writes when it accepts connections.
const READY: &str = "ChromeDriver was started successfully on port ";

/// Flags for a browser without a screen, without a sandbox (tests run as root) and without its own network requests.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-features=DisableLoadExtensionCommandLineSwitch",
    "--lang=en-US",
    "--window-size=1200,900",
];

/// Starts a browser whose user agent contains this name, with the observer in each page.
pub(super) async fn start(profile: &Path, name: &str) -> anyhow::Result<(Driver, Client)> {
    let chromium = find(&["chromium", "chromium-browser", "google-chrome"])?;
    let driver = Driver::start(&find(&["chromedriver"])?, &[], READY).await?;
    let agent =
        format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 {name}/1.0");
    let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
    flags.push(format!("--user-data-dir={}", profile.display()));
    flags.push(format!("--user-agent={agent}"));
    flags.push(format!(
        "--load-extension={}",
        observer::write_extension(profile)?.display()
    ));
    let capabilities = Map::from_iter([
        ("browserName".to_owned(), json!("chrome")),
        (
            "goog:chromeOptions".to_owned(),
            json!({ "binary": chromium, "args": flags }),
        ),
        (
            "goog:loggingPrefs".to_owned(),
            json!({ "browser": "ALL", "performance": "ALL" }),
        ),
        ("pageLoadStrategy".to_owned(), json!("normal")),
        ("timeouts".to_owned(), json!({ "pageLoad": DEADLINE.as_millis() })),
    ]);
    let client = driver.connect(capabilities).await?;
    Ok((driver, client))
}
