//! Theme, layout, accessible names and search.

use anyhow::ensure;
use horizon_test_support::{Browser, BrowserTest, ServerOptions, browser_test, http};
use serde_json::{Value, json};

use crate::POST;

const BACKGROUND: &str = "return getComputedStyle(document.body).backgroundColor";

#[test]
fn the_theme_survives_a_reload_and_applies_before_the_first_paint() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let before = ada
                .script("return document.documentElement.dataset.theme ?? null", &[])
                .await?;
            ada.click(r#"button[data-horizon="theme"]"#).await?;
            let changed = format!("return (document.documentElement.dataset.theme ?? null) !== {before}");
            ada.wait_for("the theme has changed", &changed).await?;
            let theme = ada
                .script("return document.documentElement.dataset.theme ?? null", &[])
                .await?;
            let colour = ada.script(BACKGROUND, &[]).await?;
            ada.reload().await?;
            let first = ada.script("return window.observed.themeBeforeBody", &[]).await?;
            ensure!(
                first == theme,
                "before the body the theme was {first}, and should be {theme}"
            );
            ensure!(
                ada.script(BACKGROUND, &[]).await? == colour,
                "the reload changed the colour of {theme}"
            );
            seen.push((theme, colour));
        }
        let colour_of = |name: &str| seen.iter().find(|(theme, _)| theme == name).map(|(_, colour)| colour);
        ensure!(
            colour_of("dark").is_some() && colour_of("light").is_some(),
            "not every theme was there: {seen:?}"
        );
        ensure!(
            colour_of("dark") != colour_of("light"),
            "dark looks like light: {seen:?}"
        );
        Ok(())
    })
}

/// Returns the lists of the shipped blog and every page they link to.
async fn pages(reader: &Browser) -> anyhow::Result<Vec<String>> {
    reader.open("/blog").await?;
    let script = "return [...new Set([...document.querySelectorAll('a[href^=\"/\"]')].map(a => a.pathname))]";
    let links = reader.script(script, &[]).await?;
    let links = links.as_array().into_iter().flatten().filter_map(Value::as_str);
    let pages: Vec<String> = links.filter(|path| !path.contains('.')).map(str::to_owned).collect();
    ensure!(pages.len() > 6, "the shipped blog has only {pages:?}");
    Ok(pages)
}

#[test]
fn at_320_pixels_no_page_of_the_shipped_blog_scrolls_sideways() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default().with_default_posts(), async |test| {
        let ada = test.browser("Ada").await?;
        let narrow = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true });
        ada.devtools("Emulation.setDeviceMetricsOverride", &narrow).await?;
        for page in pages(&ada).await? {
            ada.open(&page).await?;
            let width = ada.script("return document.documentElement.scrollWidth", &[]).await?;
            ensure!(width == json!(320), "{page} is {width} pixels wide");
        }
        Ok(())
    })
}

/// A word that fits into no line of a phone.
const LONG_WORD: &str = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft";

/// Opens a post with long words, code and a table of contents.
async fn open_long_post(test: &BrowserTest, reader: &Browser) -> anyhow::Result<()> {
    let text = format!(
        "---\ntitle: {LONG_WORD}\ndescription: {LONG_WORD}\ndate: 2026-02-03\ntags: [{LONG_WORD}]\nshowToc: true\n\
         ---\n\n## {LONG_WORD}\n\n{LONG_WORD}\n\n```rust\nfn main() {{}}\n```\n"
    );
    test.server.posts().write("long.md", &text)?;
    horizon_test_support::wait_until("the post is served", async || {
        let page = http::get(test.server.address(), "/blog/long").await?;
        ensure!(page.status == 200, "the status is {}", page.status);
        Ok(())
    })
    .await?;
    reader.open("/blog/long").await
}

async fn set_width(reader: &Browser, width: u32) -> anyhow::Result<()> {
    let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
    reader.devtools("Emulation.setDeviceMetricsOverride", &size).await?;
    Ok(())
}

#[test]
fn long_words_break_at_320_pixels() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        set_width(&ada, 320).await?;
        open_long_post(test, &ada).await?;
        for page in ["/blog/long", "/blog/second", "/", "/blog", "/tags", "/archive"] {
            ada.open(page).await?;
            let width = ada.script("return document.documentElement.scrollWidth", &[]).await?;
            ensure!(width == json!(320), "{page} is {width} pixels wide");
        }
        Ok(())
    })
}

#[test]
fn the_contents_are_next_to_the_text_only_where_there_is_room() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        set_width(&ada, 1_280).await?;
        open_long_post(test, &ada).await?;
        let places = "const toc = document.querySelector('.toc').getBoundingClientRect(); \
            const prose = document.querySelector('.prose').getBoundingClientRect(); \
            return [toc.bottom <= prose.top, toc.left >= 32 && toc.right < prose.left]";
        let narrow = ada.script(places, &[]).await?;
        ensure!(narrow == json!([true, false]), "at 1280 pixels: {narrow}");
        set_width(&ada, 1_440).await?;
        let wide = ada.script(places, &[]).await?;
        ensure!(wide == json!([false, true]), "at 1440 pixels: {wide}");
        Ok(())
    })
}

#[test]
fn a_dark_page_is_printed_black_on_white() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        open_long_post(test, &ada).await?;
        let colours = "const colour = selector => getComputedStyle(document.querySelector(selector)).color; \
            return [getComputedStyle(document.body).backgroundColor, colour('.prose'), colour('.hl-keyword')]";
        let media = async |medium: &str, scheme: &str| {
            let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
            let parameters = json!({ "media": medium, "features": features });
            ada.devtools("Emulation.setEmulatedMedia", &parameters).await?;
            ada.script(colours, &[]).await
        };
        let (light, dark) = (media("screen", "light").await?, media("screen", "dark").await?);
        ensure!(light[2] != dark[2], "code has one colour: {light}, {dark}");
        let printed = media("print", "dark").await?;
        let expected = json!(["rgb(255, 255, 255)", "rgb(0, 0, 0)", light[2]]);
        ensure!(printed == expected, "{printed} instead of {expected}");
        Ok(())
    })
}

#[test]
fn every_control_has_an_accessible_name() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default().with_default_posts(), async |test| {
        let ada = test.browser("Ada").await?;
        for page in pages(&ada).await? {
            ada.open(&page).await?;
            let nameless = nameless(&ada).await?;
            ensure!(nameless.is_empty(), "{page} has nameless {nameless:?}");
            let outline = "return [document.documentElement.lang !== '', document.title !== '', \
                document.querySelectorAll('h1').length, document.querySelectorAll('main').length, \
                [...document.images].filter(i => !i.hasAttribute('alt')).length]";
            let outline = ada.script(outline, &[]).await?;
            ensure!(
                outline == json!([true, true, 1, 1, 0]),
                "{page}: language, title, h1s, mains, images without alt: {outline}"
            );
        }
        Ok(())
    })
}

/// Returns the roles of elements without an accessible name.
async fn nameless(reader: &Browser) -> anyhow::Result<Vec<String>> {
    let tree = reader.devtools("Accessibility.getFullAXTree", &json!({})).await?;
    let nodes = tree["nodes"].as_array().into_iter().flatten();
    let used = nodes.filter(|node| {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        node["ignored"] == false && ["button", "link", "textbox", "searchbox", "checkbox", "combobox"].contains(&role)
    });
    let without = used.filter(|node| node["name"]["value"].as_str().is_none_or(|name| name.trim().is_empty()));
    Ok(without
        .map(|node| format!("{} {}", node["role"]["value"], node["backendDOMNodeId"]))
        .collect())
}

#[test]
fn everything_that_moves_by_itself_ends_within_five_seconds() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        let styles = "return [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]) \
            .filter(rule => rule.style?.animationIterationCount?.includes('infinite')).map(rule => rule.cssText)";
        let endless = ada.script(styles, &[]).await?;
        ensure!(endless == json!([]), "{endless}");
        let long = "return document.getAnimations().filter(animation => \
            !(animation.effect.getComputedTiming().endTime <= 5000)).map(animation => animation.animationName)";
        let long = ada.script(long, &[]).await?;
        ensure!(long == json!([]), "{long}");
        Ok(())
    })
}

#[test]
fn an_unknown_page_has_status_404() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        test.expect_in_console("status of 404");
        let ada = test.browser("Ada").await?;
        ada.open("/blog/no-such-post").await?;
        ada.wait_for(
            "it leads home",
            "return document.querySelector('main a[href=\"/\"], main a[href=\"/blog\"]') !== null",
        )
        .await?;
        let answer = http::get(test.server.address(), "/blog/no-such-post").await?;
        ensure!(answer.status == 404, "the status is {}", answer.status);
        Ok(())
    })
}

#[test]
fn a_search_is_in_the_address_and_narrows_the_list() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open("/blog?q=second").await?;
        ada.wait_for(
            "only the second post is listed",
            "const links = slug => document.querySelector(`main a[href=\"/blog/${slug}\"]`) !== null;
                return links('second') && !links('hello')",
        )
        .await?;
        ada.open("/blog").await?;
        ada.type_into("main input[name=\"q\"]", "hello\u{e007}").await?;
        ada.wait_for(
            "the address contains the search",
            "return new URL(location).searchParams.get('q') === 'hello'",
        )
        .await?;
        ada.wait_for(
            "only the first post is listed",
            "return !document.querySelector('main a[href=\"/blog/second\"]')",
        )
        .await
    })
}

#[test]
fn an_edited_post_shows_on_the_next_load() -> anyhow::Result<()> {
    browser_test(1, ServerOptions::default(), async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live(POST).await?;
        let text = "---\ntitle: Hello again\ndescription: Edited\ndate: 2026-01-02\n---\n\nEdited words.\n";
        test.server.posts().write("hello.md", text)?;
        horizon_test_support::wait_until("the edited post is served", async || {
            let page = http::get(test.server.address(), POST).await?.text();
            ensure!(page.contains("Edited words."), "the old text is served");
            Ok(())
        })
        .await?;
        ada.reload().await?;
        ada.wait_for(
            "the new text is there",
            "return document.body.innerText.includes('Edited words.')",
        )
        .await
    })
}
