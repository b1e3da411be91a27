//! Accessibility, light and dark, and narrow screens.

use std::{env, ffi::OsStr, fs};

use anyhow::{Context as _, anyhow, ensure};
use horizon_test_support::{Browser, ServerOptions, WebServer, browser_test, browser_test_with};
use serde_json::{Value, json};

use crate::{
    ADMIN_TOKEN, DASHBOARD,
    author::DashboardReader,
    live::LiveReaders,
    year::{options, year, yesterdays_post},
};

/// Runs axe. Returns its findings: the rule, what is wrong, and the elements.
const RUN_AXE: &str = r#"
    const options = { resultTypes: ["violations"], preload: false };
    return axe.run(document, options).then(result => result.violations.map(found =>
        `${found.id}: ${found.help}: ${found.nodes.slice(0, 5).map(node => node.html).join("\n    ")}`));
"#;

/// Returns how far the page scrolls sideways, and the widest elements.
const OVERFLOW: &str = r#"
    const width = document.documentElement.clientWidth;
    const isScrolled = element => element.closest(".scroll, svg, .sr");
    const wide = [...document.querySelectorAll("body *")].filter(element =>
        !isScrolled(element) && element.getBoundingClientRect().right > width + 1);
    const scrolled = document.documentElement.scrollWidth - width;
    return [scrolled, wide.slice(0, 5).map(element => element.outerHTML.slice(0, 200))];
"#;

/// A narrow phone, a usual one, a tablet, a laptop and a wall.
const WIDTHS: [u32; 5] = [320, 390, 768, 1280, 2560];

/// Returns the source of axe, which `cargo xtask test` installs.
fn axe() -> anyhow::Result<String> {
    let this = env::current_exe()?;
    let target = this
        .ancestors()
        .find(|folder| folder.file_name() == Some(OsStr::new("target")));
    let file = target
        .context("the tests are in `target`")?
        .join("npm/axe-core/package/axe.min.js");
    fs::read_to_string(&file).with_context(|| {
        format!(
            "{} is missing: run `cargo xtask test`, which installs it",
            file.display()
        )
    })
}

/// Returns the findings of axe.
async fn findings(browser: &Browser) -> anyhow::Result<Value> {
    let script = format!("{}\n{RUN_AXE}", axe()?);
    let findings = browser.script(&script, &[]).await;
    // The error contains the whole script.
    findings.map_err(|error| anyhow!("axe: {}", error.root_cause()))
}

/// Checks the page in light and dark colours, and on each width.
async fn check(browser: &Browser, what: &str) -> anyhow::Result<()> {
    for scheme in ["light", "dark"] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.devtools("Emulation.setEmulatedMedia", &features).await?;
        let findings = findings(browser).await?;
        ensure!(findings == json!([]), "{what}, {scheme}: {findings:#}");
    }
    for width in WIDTHS {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
        let overflow = browser.script(OVERFLOW, &[]).await?;
        ensure!(overflow == json!([0, []]), "{what}, {width} px: {overflow:#}");
    }
    browser
        .devtools(
            "Emulation.clearDeviceMetricsOverride",
            &Value::Object(Default::default()),
        )
        .await?;
    Ok(())
}

#[test]
fn overview_page_and_list_have_no_findings_and_fit_every_width() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let year = year().await?;
        let new = &yesterdays_post(year)?.slug;
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let _readers = LiveReaders::open(test.server.address(), new, "mastodon", 1..=2).await?;
        let views = [
            "",
            "?period=today",
            "?period=12m",
            "?source=google&device=phone",
            "?list=sources",
        ];
        for query in views.map(str::to_owned).into_iter().chain([format!("?page={new}")]) {
            author.opens(&query).await?;
            check(&author.browser, &format!("`{query}`")).await?;
        }
        author.browser.click("#numbers summary").await?;
        check(&author.browser, "the numbers of the chart").await
    })
}

#[test]
fn an_empty_site_says_how_numbers_get_there() -> anyhow::Result<()> {
    let options = ServerOptions::default().with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN);
    browser_test(1, options, async |test| {
        let mut author = DashboardReader::signs_in(test.browser("Author").await?).await?;
        let page = author.opens_the_overview().await?;
        ensure!(page.figures.is_empty() && page.cards.is_empty(), "{page:#?}");
        let text = author
            .browser
            .script("return document.querySelector('main').innerText", &[])
            .await?;
        ensure!(text.as_str().is_some_and(|text| text.contains("No visits")), "{text}");
        check(&author.browser, "an empty site").await?;
        let broken = "document.querySelector('main').append(document.createElement('input'))";
        author.browser.script(broken, &[]).await?;
        let findings = findings(&author.browser).await?;
        ensure!(
            findings.to_string().contains("label: "),
            "axe finds no field without a label: {findings}"
        );
        Ok(())
    })
}

#[test]
fn the_public_dashboard_has_no_findings_and_no_links_that_do_nothing() -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?.with("HORIZON_DASHBOARD", "public")).await;
    browser_test_with(1, start, async |test| {
        let browser = test.browser("Guest").await?;
        browser.open(DASHBOARD).await?;
        check(&browser, "the public dashboard").await?;
        let links = "return [...document.querySelectorAll('main a')].map(link => link.getAttribute('href'))";
        let links = browser.script(links, &[]).await?;
        let links = links.as_array().context("a list")?.iter().filter_map(Value::as_str);
        let forbidden = ["list=", "source=", "page=", "from=", "csv"];
        let useless: Vec<_> = links
            .filter(|link| forbidden.iter().any(|part| link.contains(part)))
            .collect();
        ensure!(useless.is_empty(), "{useless:?}");
        Ok(())
    })
}
