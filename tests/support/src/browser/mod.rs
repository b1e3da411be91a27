//! A browser that tests drive through WebDriver.

mod chromium;
mod chromium_log;
mod command;
mod driver;
mod firefox;
mod kind;
mod numbers;
mod observer;
mod tabs;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::{chromium_log::Transfers, command::WebDriverCommand, driver::Driver};
pub use self::{kind::BrowserKind, tabs::Tab};
use crate::wait_until;

/// A running browser with its own profile.
#[derive(Clone, Debug)]
pub struct Browser(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    kind: BrowserKind,
    client: Client,
    site: String,
    sends_privacy_signal: bool,
    /// What Chromium has logged about its requests.
    transfers: Mutex<Transfers>,
    // Dropped before the folder that it uses.
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start(name: &str, site: String, sends_privacy_signal: bool) -> anyhow::Result<Self> {
        let profile = TempDir::new().context("no temporary folder for a browser's profile")?;
        let kind = BrowserKind::selected()?;
        let (driver, client) = match kind {
            BrowserKind::Chromium => chromium::start(profile.path(), name).await?,
            BrowserKind::Firefox => firefox::start(profile.path(), name, sends_privacy_signal).await?,
        };
        let browser = Self(Arc::new(Inner {
            name: name.to_owned(),
            kind,
            client,
            site,
            sends_privacy_signal,
            transfers: Mutex::default(),
            _driver: driver,
            _profile: profile,
        }));
        browser.send_privacy_signal().await?;
        Ok(browser)
    }

    /// Returns which browser it is.
    #[must_use]
    pub fn kind(&self) -> BrowserKind {
        self.0.kind
    }

    /// Returns the name that the test gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Opens a page of the site, or of another site if `path` is a URL, and waits for its `load` event.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        let address = match path.starts_with("http://") {
            true => path.to_owned(),
            false => format!("{}{path}", self.0.site),
        };
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

    /// Waits until the page has cookies and gives all of them this name.
    ///
    /// # Errors
    /// There is no cookie in time.
    pub async fn rename_cookies(&self, name: &'static str) -> anyhow::Result<()> {
        let client = &self.0.client;
        let what = format!("{} has a cookie", self.name());
        let cookies = wait_until(&what, async || {
            let cookies = client.get_all_cookies().await?;
            ensure!(!cookies.is_empty(), "there is none");
            Ok(cookies)
        })
        .await?;
        client.delete_all_cookies().await?;
        for mut cookie in cookies {
            cookie.set_name(name);
            client.add_cookie(cookie).await?;
        }
        Ok(())
    }

    /// Calls a method of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// The method fails, or the browser is not Chromium.
    pub async fn devtools(&self, method: &str, parameters: &Value) -> anyhow::Result<Value> {
        ensure!(self.kind() == BrowserKind::Chromium, "only Chromium has {method}");
        let command = WebDriverCommand::devtools(method, parameters);
        let client = &self.0.client;
        client
            .issue_cmd(command)
            .await
            .with_context(|| format!("the browser's {method}"))
    }

    /// Disconnects the browser from the network, or connects it again.
    ///
    /// # Errors
    /// The browser fails, or it is not Chromium.
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
            let errors = self.take_errors(false).await?;
            ensure!(errors.iter().any(|error| error.contains(text)), "it has {errors:?}");
            Ok(())
        })
        .await
    }

    async fn take_errors(&self, network_may_fail: bool) -> anyhow::Result<Vec<String>> {
        let client = &self.0.client;
        match self.kind() {
            BrowserKind::Chromium => {
                let console = client.issue_cmd(WebDriverCommand::take_log("browser")).await?;
                Ok(chromium_log::errors(&console, network_may_fail))
            }
            BrowserKind::Firefox => firefox::take_errors(client, network_may_fail).await,
        }
    }

    /// Returns the `host:port` of each request.
    async fn hosts(&self) -> anyhow::Result<BTreeSet<String>> {
        let client = &self.0.client;
        match self.kind() {
            BrowserKind::Chromium => Ok(self.transfers().await?.hosts),
            BrowserKind::Firefox => firefox::hosts(client).await,
        }
    }

    /// Waits until all requests but live streams have ended. Returns how many bytes came over the network since the
    /// browser was started.
    ///
    /// # Errors
    /// The browser is not Chromium, or a request does not end in time.
    pub async fn wait_for_transfers(&self) -> anyhow::Result<u64> {
        ensure!(self.kind() == BrowserKind::Chromium, "only Chromium logs its requests");
        let what = format!("all requests of {} have ended", self.name());
        wait_until(&what, async || {
            let Transfers { bytes, pending, .. } = self.transfers().await?;
            ensure!(pending.is_empty(), "these have not: {pending:?}");
            Ok(bytes)
        })
        .await
    }

    async fn transfers(&self) -> anyhow::Result<Transfers> {
        let log = self
            .0
            .client
            .issue_cmd(WebDriverCommand::take_log("performance"))
            .await?;
        let mut transfers = self.0.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        transfers.add(&log);
        Ok(transfers.clone())
    }

    /// Closes the browser. Returns its console errors and the hosts of its requests.
    pub(crate) async fn close(&self, network_may_fail: bool) -> anyhow::Result<(Vec<String>, BTreeSet<String>)> {
        let (errors, hosts) = (self.take_errors(network_may_fail).await, self.hosts().await);
        self.0.client.clone().close().await?;
        Ok((errors?, hosts?))
    }
}

/// Returns the text of a JSON value, or an empty text if the value is not a string.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
