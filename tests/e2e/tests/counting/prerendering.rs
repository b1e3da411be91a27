//! Pages that Chromium loads before the reader follows a link to them. Firefox does not prerender.

use anyhow::ensure;
use horizon_test_support::Browser;
use serde_json::json;

use crate::{
    add_link,
    site::{SiteKind, test_site},
};

/// The metric of the streams that a prerendered page opened. The server does not count them.
const UNCOUNTED: &str = "horizon_dropped_visits_total{reason=\"prefetch\"}";

/// How often the reader follows a link. An unfinished activation is a matter of milliseconds.
const REPETITIONS: usize = 8;

test_both_sites!(
    a_prerendered_page_is_counted_from_the_activation_on,
    a_prerendered_page_that_is_never_activated_is_not_counted,
);

/// Prerenders a page and waits until it is complete. Chromium prerenders only pages whose link is on the screen, and
/// notices that only when the layout changes.
async fn prerender(reader: &Browser, path: &str) -> anyhow::Result<()> {
    add_link(reader, path).await?;
    let rules = json!({ "prerender": [{ "source": "list", "urls": [path], "eagerness": "immediate" }] });
    let script = "const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.textContent = arguments[0];
        document.head.append(rules)";
    reader.script(script, &[json!(rules.to_string())]).await?;
    let is_complete = format!(
        "const {{ style }} = document.querySelector('#next');
         style.marginTop = style.marginTop ? '' : '1px';
         return localStorage.prerendered === '{path}'"
    );
    reader.wait_for(&format!("{path} is prerendered"), &is_complete).await
}

/// Opens a page that may have speculation rules, whatever its policy is.
async fn open_for_rules(reader: &Browser, path: &str) -> anyhow::Result<()> {
    reader
        .devtools("Page.setBypassCSP", &json!({ "enabled": true }))
        .await?;
    reader.open(path).await
}

fn a_prerendered_page_is_counted_from_the_activation_on(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 1, async |test| {
        let ada = test.browser("Ada").await?;
        let mut pages = Vec::new();
        for page in 0..REPETITIONS {
            let slug = format!("page-{page}");
            pages.push((test.server.add_page(&slug).await?, slug));
        }
        for (page, slug) in pages {
            open_for_rules(&ada, &test.server.page("second")).await?;
            prerender(&ada, &page).await?;
            ensure!(test.server.number(&slug, "visits").await? == 0, "{page} is a visit");
            ada.click("#next").await?;
            ada.wait_for(
                "the prerendered page is shown",
                &format!(
                    "return location.pathname === '{page}'
                        && performance.getEntriesByType('navigation')[0].activationStart > 0"
                ),
            )
            .await?;
            ada.wait_for_number("viewers", 1).await?;
            ada.wait_for_number("visits", 1).await?;
        }
        let metrics = test.server.metrics().await?;
        ensure!(
            !metrics.contains(UNCOUNTED),
            "a prerendered page opened a stream: {metrics}"
        );
        Ok(())
    })
}

fn a_prerendered_page_that_is_never_activated_is_not_counted(site: SiteKind) -> anyhow::Result<()> {
    test_site(site, 2, async |test| {
        let page = test.server.page("hello");
        let (ada, ben) = (test.browser("Ada").await?, test.browser("Ben").await?);
        ada.open_live(&page).await?;
        open_for_rules(&ben, &test.server.page("second")).await?;
        prerender(&ben, &page).await?;
        ben.leave().await?;
        ben.open_live(&test.server.page("second")).await?;
        ada.wait_for_number("viewers", 1).await?;
        ada.wait_for_number("visits", 1).await?;
        let metrics = test.server.metrics().await?;
        ensure!(
            !metrics.contains(UNCOUNTED),
            "a prerendered page opened a stream: {metrics}"
        );
        Ok(())
    })
}
