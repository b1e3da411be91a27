//! Takes the pictures of the dashboard for the README, over a seeded year. Run it as `cargo xtask screenshots`.

mod palette;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use horizon_core::Timestamp;
use horizon_test_support::{
    BlogYear, Browser, SEED, ServerOptions, SseStream, WebServer, browser_test_with, clock, http,
};
use serde_json::json;

/// When the year ends: 2026-11-26, 16:40 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_711_200_000);

/// The sessions of the year.
const SESSIONS: u32 = 40_000;

const ADMIN_TOKEN: &str = "the author of the year";

/// The readers of this moment: how many, the post, counted from the newest one, and the source.
const READERS: [(u8, usize, &str); 7] = [
    (5, 0, "mastodon"),
    (3, 1, "hacker+news"),
    (2, 0, "newsletter"),
    (2, 12, "google"),
    (2, 1, ""),
    (2, 9, "google"),
    (1, 2, "duckduckgo"),
];

/// Widths and heights of the pictures, in CSS pixels.
const SIZES: [(u32, u32); 2] = [(1280, 1600), (390, 1600)];

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(
        env::args_os()
            .nth(1)
            .context("which folder shall the pictures go to?")?,
    );
    fs::create_dir_all(&folder)?;
    let year = BlogYear::new(NOW, SESSIONS, SEED)?;
    browser_test_with(
        1,
        async || server(&year).await,
        async |test| {
            let _readers = readers(&test.server, &year).await?;
            let browser = test.browser("Author").await?;
            browser.open("/horizon/dashboard").await?;
            browser.type_into("input[name=token]", ADMIN_TOKEN).await?;
            browser.click("form[action='/admin/login'] button").await?;
            for (width, height) in SIZES {
                let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
                browser.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
                for scheme in ["light", "dark"] {
                    let file = folder.join(format!("dashboard-{width}-{scheme}.png"));
                    take(&browser, scheme, &file).await?;
                }
            }
            Ok(())
        },
    )
}

async fn server(year: &BlogYear) -> anyhow::Result<WebServer> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("year.db");
    year.write_database(&database).await?;
    let options = ServerOptions::default()
        .with_database(&database)
        .with_posts(year.write_posts()?)
        .with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN)
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32");
    let clock = clock::starting_at(NOW)?;
    WebServer::start(
        clock
            .iter()
            .fold(options, |options, (name, value)| options.with(name, value)),
    )
    .await
}

/// Opens posts in the browsers of readers, who leave when the streams are dropped.
async fn readers(server: &WebServer, year: &BlogYear) -> anyhow::Result<Vec<SseStream>> {
    let mut streams = Vec::new();
    for (count, back, source) in READERS {
        let post = year.posts().iter().rev().nth(back).context("the year has the post")?;
        for _ in 0..count {
            let network = format!("10.0.0.{}", streams.len());
            let path = format!("/horizon/live/{}?q=utm_source%3D{source}&w=1280", post.slug);
            streams.push(http::open_stream(server.address(), &path, &[("x-forwarded-for", &network)]).await?);
        }
    }
    Ok(streams)
}

async fn take(browser: &Browser, scheme: &str, file: &Path) -> anyhow::Result<()> {
    let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    browser.devtools("Emulation.setEmulatedMedia", &features).await?;
    browser
        .devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true }))
        .await?;
    browser.open("/horizon/dashboard").await?;
    let viewers: u8 = READERS.iter().map(|(count, _, _)| count).sum();
    browser
        .wait_for(
            "it shows the readers",
            &format!("return document.querySelector('#now .live b')?.textContent === '{viewers}'"),
        )
        .await?;
    let picture = palette::with_palette(&browser.screenshot().await?)?;
    fs::write(file, picture).with_context(|| format!("{} cannot be written", file.display()))
}
