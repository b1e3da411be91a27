//! The author of the blog, who uses the dashboard in a browser and clicks links that they see.

use anyhow::{Context as _, ensure};
use horizon_test_support::{Browser, wait_until};
use serde_json::json;

use crate::{ADMIN_TOKEN, DASHBOARD, shown_page::ShownPage};

/// Marks the first visible link below `scope` whose text, title or label starts with the words. Returns its address.
const MARK_LINK: &str = r#"
    const [scope, words] = arguments;
    document.querySelector("[data-test-link]")?.removeAttribute("data-test-link");
    const text = link => (link.ariaLabel || link.querySelector("title")?.textContent || link.textContent).trim();
    const links = [...document.querySelectorAll(`${scope} a`)].filter(link => text(link).startsWith(words));
    const link = links.find(link => link.getClientRects().length > 0);
    if (!link) return null;
    link.setAttribute("data-test-link", "");
    return link.getAttribute("href");
"#;

/// Whether the page of the address `arguments[0]` is shown completely.
const IS_SHOWN: &str = r#"
    const wanted = new URL(arguments[0], location.href);
    return location.pathname === wanted.pathname && location.search === wanted.search
        && document.readyState === "complete" && !document.querySelector("main[aria-busy=true]");
"#;

/// An author with the dashboard open.
pub(crate) struct DashboardReader {
    pub(crate) browser: Browser,
    clicks: usize,
}

impl DashboardReader {
    /// Opens the dashboard, and signs in.
    pub(crate) async fn signs_in(browser: Browser) -> anyhow::Result<Self> {
        browser.open(DASHBOARD).await?;
        browser.type_into("input[name=token]", ADMIN_TOKEN).await?;
        browser.click("form[action='/admin/login'] button").await?;
        let author = Self { browser, clicks: 0 };
        author.wait_for_address(DASHBOARD).await?;
        Ok(author)
    }

    /// Opens the overview. Clicks are counted from here.
    pub(crate) async fn opens_the_overview(&mut self) -> anyhow::Result<ShownPage> {
        self.opens("").await
    }

    /// Opens the dashboard with this query. Clicks are counted from here.
    pub(crate) async fn opens(&mut self, query: &str) -> anyhow::Result<ShownPage> {
        self.clicks = 0;
        self.browser.open(&format!("{DASHBOARD}{query}")).await?;
        self.looks().await
    }

    /// Clicks the first link below `scope` whose text starts with the words, and waits for the page that it leads to.
    pub(crate) async fn clicks(&mut self, scope: &str, words: &str) -> anyhow::Result<ShownPage> {
        self.clicks += 1;
        let mark = [json!(scope), json!(words)];
        let address = self.browser.script(MARK_LINK, &mark).await?;
        let address = address
            .as_str()
            .with_context(|| format!("no link `{words}` in `{scope}`"))?;
        self.browser.click("[data-test-link]").await?;
        self.wait_for_address(address).await?;
        self.looks().await
    }

    /// Returns the number of clicks since the page was opened.
    pub(crate) fn clicks_so_far(&self) -> usize {
        self.clicks
    }

    /// Returns what the page shows.
    pub(crate) async fn looks(&self) -> anyhow::Result<ShownPage> {
        ShownPage::read(&self.browser).await
    }

    async fn wait_for_address(&self, address: &str) -> anyhow::Result<()> {
        wait_until(&format!("{address} is shown"), async || {
            // The browser may be between two documents.
            let is_shown = self.browser.script(IS_SHOWN, &[json!(address)]).await?;
            ensure!(is_shown == json!(true), "it is not");
            Ok(())
        })
        .await
    }
}
