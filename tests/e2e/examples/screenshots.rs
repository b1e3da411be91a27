//! Takes the screenshots of the README. Run it as `cargo xtask screenshots`.

use std::{env, fs, path::PathBuf};

use anyhow::Context;
use horizon_test_support::{Browser, BrowserTest, ServerOptions, browser_test, http};
use serde_json::json;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(
        env::args_os()
            .nth(1)
            .context("which folder shall the pictures go to?")?,
    );
    fs::create_dir_all(&folder)?;
    let options = ServerOptions::default()
        .with_default_posts()
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32");
    browser_test(3, options, async |test| {
        let post = newest_post(test).await?;
        talk(test, &post).await?;
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        let cid = test.browser("Cid").await?;
        ben.open_live(&post).await?;
        cid.open_live(&post).await?;
        cid.wait_for_number("visits", 2).await?;
        let size = json!({ "width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        ada.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
        ada.devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true }))
            .await?;
        for (path, name) in [("/", "home"), (post.as_str(), "post")] {
            for theme in ["light", "dark"] {
                ada.open_live(path).await?;
                wears(&ada, theme).await?;
                ada.wait_for_number("site-viewers", 3).await?;
                if name == "post" {
                    ada.wait_for_number("viewers", 3).await?;
                }
                let file = folder.join(format!("{name}-{theme}.png"));
                fs::write(&file, ada.screenshot().await?)
                    .with_context(|| format!("{} cannot be written", file.display()))?;
            }
        }
        Ok(())
    })
}

async fn newest_post(test: &BrowserTest) -> anyhow::Result<String> {
    let page = http::get(test.server.address(), "/blog").await?.text();
    let main = page.split_once("<main").context("no <main>")?.1;
    let (_, slug) = main.split_once("href=\"/blog/").context("no post is listed")?;
    Ok(format!("/blog/{}", slug.split('"').next().unwrap_or_default()))
}

/// Adds likes and comments of readers.
async fn talk(test: &BrowserTest, post: &str) -> anyhow::Result<()> {
    let slug = post.trim_start_matches("/blog/");
    for reader in 1..=14 {
        let network = format!("10.0.0.{reader}");
        let key = format!("{reader:032x}");
        let headers = [("x-forwarded-for", network.as_str()), ("idempotency-key", &key)];
        http::send(
            test.server.address(),
            http::Method::PUT,
            &format!("/horizon/likes/{slug}"),
            &headers,
            "",
        )
        .await?;
    }
    for (author, body) in [
        ("Grace", "One folder, one command, and it is live. Nice."),
        ("", "What if the server dies?"),
    ] {
        let headers = [("content-type", "application/json")];
        let body = json!({ "author": author, "body": body }).to_string();
        http::send(
            test.server.address(),
            http::Method::POST,
            &format!("/horizon/comments/{slug}"),
            &headers,
            body,
        )
        .await?;
    }
    Ok(())
}

/// Clicks the theme button until the theme is selected.
async fn wears(reader: &Browser, theme: &str) -> anyhow::Result<()> {
    for _ in 0..3 {
        let worn = reader
            .script("return document.documentElement.dataset.theme ?? null", &[])
            .await?;
        if worn == theme {
            return Ok(());
        }
        reader.click(r#"button[data-horizon="theme"]"#).await?;
    }
    reader
        .wait_for(
            "it wears the theme",
            &format!("return document.documentElement.dataset.theme === '{theme}'"),
        )
        .await
}
