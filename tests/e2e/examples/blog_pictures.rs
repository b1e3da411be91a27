//! Takes a picture of each kind of page at 390 and 1280 pixels, light and dark, to look at a change of the design.
//!
//! `HORIZON_WEB_BIN=target/debug/horizon-web cargo run -p horizon-e2e --example blog_pictures -- OUT POSTS PATH…`

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use horizon_test_support::{Browser, ServerOptions, browser_test};
use serde_json::json;

const ADMIN_TOKEN: &str = "the author of the pictures";

/// The widths of the pictures, in CSS pixels.
const WIDTHS: [u32; 2] = [1280, 390];

/// The height of the window, and the largest height of a picture, in CSS pixels.
const WINDOW_HEIGHT: u32 = 900;
const MAX_HEIGHT: u64 = 2_600;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |name: &str| {
        arguments
            .next()
            .with_context(|| format!("the argument {name} is missing"))
    };
    let (folder, posts) = (PathBuf::from(next("OUT")?), next("POSTS")?);
    let paths: Vec<String> = arguments.collect();
    fs::create_dir_all(&folder)?;
    let options = ServerOptions::default()
        .with("HORIZON_POSTS", &posts)
        .with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN)
        .with("HORIZON_TITLE", "Notes from the shed");
    browser_test(1, options, async |test| {
        let browser = test.browser("Reader").await?;
        let hidden = json!({ "hidden": true });
        browser.devtools("Emulation.setScrollbarsHidden", &hidden).await?;
        for path in &paths {
            take_all(&browser, path, &folder).await?;
        }
        take_all(&browser, "/admin", &folder).await?;
        browser.open("/admin").await?;
        browser.type_into("input[name=token]", ADMIN_TOKEN).await?;
        browser.click("form[action='/admin/login'] button").await?;
        browser
            .wait_for(
                "it is signed in",
                "return document.querySelector('main.admin') !== null",
            )
            .await?;
        take_all(&browser, "/admin?only=waiting", &folder).await?;
        take_all(&browser, "/cluster", &folder).await
    })
}

async fn take_all(browser: &Browser, path: &str, folder: &Path) -> anyhow::Result<()> {
    let name = path.trim_matches('/').replace(['/', '?', '=', '&', '%', '#'], "-");
    let name = if name.is_empty() { "home" } else { &name };
    for width in WIDTHS {
        let is_mobile = width < 600;
        let size = json!({
            "width": width, "height": WINDOW_HEIGHT, "deviceScaleFactor": 1, "mobile": is_mobile
        });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
        for scheme in ["light", "dark"] {
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            browser.devtools("Emulation.setEmulatedMedia", &features).await?;
            browser.open(path).await?;
            let file = folder.join(format!("{name}-{width}-{scheme}.png"));
            fs::write(&file, picture(browser, width).await?)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    Ok(())
}

/// Returns a PNG of the page from its top.
async fn picture(browser: &Browser, width: u32) -> anyhow::Result<Vec<u8>> {
    let height = browser
        .script("return document.documentElement.scrollHeight", &[])
        .await?;
    let height = height.as_u64().unwrap_or_default().min(MAX_HEIGHT);
    let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
    let parameters = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
    let answer = browser.devtools("Page.captureScreenshot", &parameters).await?;
    let data = answer
        .pointer("/data")
        .and_then(|data| data.as_str())
        .context("Chromium sent no picture")?;
    Ok(BASE64_STANDARD.decode(data)?)
}
