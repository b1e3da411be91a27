use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, bail, ensure};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    browser_log,
    chrome::{ChromeDriver, text},
    chrome_command::ChromeCommand,
    wait_until,
};

/// Runs before the scripts of the page. Records its event streams, and the theme before the body is parsed.
const OBSERVE_PAGE: &str = r"
    window.observed = { streams: [], themeBeforeBody: undefined, changes: [] };
    window.EventSource = class extends window.EventSource {
        constructor(...given) { super(...given); window.observed.streams.push(this); }
    };
    new MutationObserver((_, observer) => {
        if (!document.body) return;
        window.observed.themeBeforeBody = document.documentElement.dataset.theme ?? null;
        observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
";

/// Records each text of the first element with this `data-horizon` attribute.
const RECORD_CHANGES: &str = r#"
    const note = () => {
        const now = document.querySelector(`[data-horizon="${arguments[0]}"]`)?.textContent.trim();
        if (window.observed.changes.at(-1) !== now) window.observed.changes.push(now);
    };
    note();
    new MutationObserver(note).observe(document.body, { childList: true, characterData: true, subtree: true });
"#;

/// A running browser with its own profile.
#[derive(Clone, Debug)]
pub struct Browser(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    client: Client,
    site: String,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start(driver: &ChromeDriver, name: &str, site: String) -> anyhow::Result<Self> {
        let profile = TempDir::new().context("no temporary folder for a browser's profile")?;
        let agent =
            format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 {name}/1.0");
        let client = driver.browser(&profile, &agent).await?;
        let browser = Self(Arc::new(Inner {
            name: name.to_owned(),
            client,
            site,
            _profile: profile,
        }));
        browser.install_observer().await?;
        Ok(browser)
    }

    /// Returns the name that the test gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Opens a page of the site and waits for its `load` event.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        let address = format!("{}{path}", self.0.site);
        self.0
            .client
            .goto(&address)
            .await
            .with_context(|| format!("{} opens {address}", self.name()))
    }

    /// Opens a page and waits until its live stream is connected.
    ///
    /// # Errors
    /// The browser fails, or the stream does not open in time.
    pub async fn open_live(&self, path: &str) -> anyhow::Result<()> {
        self.open(path).await?;
        self.wait_until_live().await
    }

    /// Waits until the live stream of the page is connected.
    ///
    /// # Errors
    /// The condition is not true in time.
    pub async fn wait_until_live(&self) -> anyhow::Result<()> {
        self.wait_for(
            "the live stream is open",
            "return window.observed?.streams.some(s => s.readyState === 1)",
        )
        .await
    }

    /// Reloads the page and waits until its live stream is connected.
    ///
    /// # Errors
    /// The browser fails, or the stream does not open in time.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.0.client.refresh().await?;
        self.wait_until_live().await
    }

    /// Opens an empty page.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn leave(&self) -> anyhow::Result<()> {
        Ok(self.0.client.goto("about:blank").await?)
    }

    /// Opens a page in a new tab and makes it the current tab.
    ///
    /// # Errors
    /// The browser fails, or the stream does not open in time.
    pub async fn open_tab(&self, path: &str) -> anyhow::Result<()> {
        let tab = self.0.client.new_window(true).await?;
        self.0.client.switch_to_window(tab.handle).await?;
        self.install_observer().await?;
        self.open_live(path).await
    }

    /// Closes the current tab and switches to the first one.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn close_tab(&self) -> anyhow::Result<()> {
        self.0.client.close_window().await?;
        let first = self
            .0
            .client
            .windows()
            .await?
            .into_iter()
            .next()
            .context("no tab is left")?;
        Ok(self.0.client.switch_to_window(first).await?)
    }

    /// Waits until all elements with this `data-horizon` attribute (`viewers`, `likes`, …) show `expected`.
    ///
    /// # Errors
    /// The condition is not true in time.
    pub async fn wait_for_number(&self, hook: &str, expected: u64) -> anyhow::Result<()> {
        let what = format!("{} shows {expected} {hook}", self.name());
        wait_until(&what, async || {
            let seen = self.number(hook).await?;
            ensure!(seen == expected, "it is {seen}");
            Ok(())
        })
        .await
    }

    /// Returns the number that the elements with this `data-horizon` attribute show.
    ///
    /// # Errors
    /// There is no such element, its text is not a number, or two elements differ.
    pub async fn number(&self, hook: &str) -> anyhow::Result<u64> {
        let script = r#"const elements = [...document.querySelectorAll(`[data-horizon="${arguments[0]}"]`)];
            return [...new Set(elements.map(e => e.textContent.trim()))]"#;
        let texts = self.script(script, &[json!(hook)]).await?;
        match texts.as_array().map(Vec::as_slice) {
            Some([Value::String(one)]) => one
                .replace(',', "")
                .parse()
                .with_context(|| format!("`{one}` is not a number of {hook}")),
            _ => bail!("{hook} shows {texts}, expected one number"),
        }
    }

    /// Starts to record the changes of the first element with this `data-horizon` attribute.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn record_changes(&self, hook: &str) -> anyhow::Result<()> {
        self.script(RECORD_CHANGES, &[json!(hook)]).await.map(drop)
    }

    /// Returns the texts since [`record_changes`](Self::record_changes).
    ///
    /// # Errors
    /// The browser fails.
    pub async fn recorded_changes(&self) -> anyhow::Result<Vec<String>> {
        let changes = self.script("return window.observed.changes", &[]).await?;
        Ok(changes
            .as_array()
            .into_iter()
            .flatten()
            .map(|change| text(change).to_owned())
            .collect())
    }

    /// Waits for an element that matches, scrolls to it and clicks it.
    ///
    /// # Errors
    /// There is no such element in time, or it cannot be clicked.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let what = format!("{} clicks `{selector}`", self.name());
        // The driver also scrolls, but does not wait for the end of smooth scrolling.
        let scroll = "document.querySelector(arguments[0])?.scrollIntoView({ block: 'center', behavior: 'instant' })";
        wait_until(&what, async || {
            self.script(scroll, &[json!(selector)]).await?;
            Ok(self.element(selector).await?.click().await?)
        })
        .await
    }

    /// Appends text to a field.
    ///
    /// # Errors
    /// There is no such field in time.
    pub async fn type_into(&self, selector: &str, words: &str) -> anyhow::Result<()> {
        let what = format!("{} types into `{selector}`", self.name());
        let field = wait_until(&what, async || self.element(selector).await).await?;
        Ok(field.send_keys(words).await?)
    }

    /// Fills the comment form and submits it.
    ///
    /// # Errors
    /// The page has no comment form.
    pub async fn post_comment(&self, author: &str, words: &str) -> anyhow::Result<()> {
        self.type_into(r#"form[data-horizon="comment-form"] [name="author"]"#, author)
            .await?;
        self.type_into(r#"form[data-horizon="comment-form"] [name="body"]"#, words)
            .await?;
        self.click(r#"form[data-horizon="comment-form"] [type="submit"]"#).await
    }

    /// Waits until the list has a comment that contains `words`.
    ///
    /// # Errors
    /// There is no such comment in time.
    pub async fn wait_for_comment(&self, words: &str) -> anyhow::Result<()> {
        let script = r#"return [...document.querySelectorAll('[data-horizon="comment-list"] article[data-comment-id]')]
            .some(e => e.textContent.includes(arguments[0]))"#;
        let what = format!("{} shows the comment `{words}`", self.name());
        wait_until(&what, async || {
            ensure!(
                self.script(script, &[json!(words)]).await? == json!(true),
                "it does not"
            );
            Ok(())
        })
        .await
    }

    /// Waits until the script returns `true`.
    ///
    /// # Errors
    /// The script does not return `true` in time.
    pub async fn wait_for(&self, what: &str, script: &str) -> anyhow::Result<()> {
        wait_until(&format!("in the browser of {}, {what}", self.name()), async || {
            let answer = self.script(script, &[]).await?;
            ensure!(answer == json!(true), "the script returned {answer}");
            Ok(())
        })
        .await
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// The script fails.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        self.0
            .client
            .execute(script, arguments.to_vec())
            .await
            .with_context(|| format!("the script `{script}`"))
    }

    /// Returns the first element that matches.
    ///
    /// # Errors
    /// There is no such element.
    pub async fn element(&self, selector: &str) -> anyhow::Result<Element> {
        self.0
            .client
            .find(Locator::Css(selector))
            .await
            .with_context(|| format!("no `{selector}`"))
    }

    /// Calls a method of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// The method fails.
    pub async fn devtools(&self, method: &str, parameters: &Value) -> anyhow::Result<Value> {
        let command = ChromeCommand::devtools(method, parameters);
        self.0
            .client
            .issue_cmd(command)
            .await
            .with_context(|| format!("the browser's {method}"))
    }

    /// Disconnects the browser from the network, or connects it again.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn set_offline(&self, offline: bool) -> anyhow::Result<()> {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", &conditions)
            .await
            .map(drop)
    }

    /// Returns a screenshot as PNG.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn screenshot(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.client.screenshot().await?)
    }

    /// Waits for a console error that contains this text. Discards all errors until then.
    ///
    /// # Errors
    /// There is no such error in time.
    pub async fn wait_for_console_error(&self, text: &str) -> anyhow::Result<()> {
        let what = format!("the console of {} has `{text}`", self.name());
        wait_until(&what, async || {
            let console = self.0.client.issue_cmd(ChromeCommand::take_log("browser")).await?;
            let errors = browser_log::errors(&console, false);
            ensure!(errors.iter().any(|error| error.contains(text)), "it has {errors:?}");
            Ok(())
        })
        .await
    }

    async fn install_observer(&self) -> anyhow::Result<()> {
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": OBSERVE_PAGE }),
        )
        .await
        .map(drop)
    }

    /// Closes the browser. Returns its console errors and the hosts of its requests.
    pub(crate) async fn close(&self, network_may_fail: bool) -> anyhow::Result<(Vec<String>, BTreeSet<String>)> {
        let console = self.0.client.issue_cmd(ChromeCommand::take_log("browser")).await;
        let network = self.0.client.issue_cmd(ChromeCommand::take_log("performance")).await;
        self.0.client.clone().close().await?;
        Ok((
            browser_log::errors(&console?, network_may_fail),
            browser_log::hosts(&network?),
        ))
    }
}
