use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, bail, ensure};
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    chrome::{Driver, text},
    command::Extension,
    log, wait_until,
};

/// Runs before anything of the page: keeps hold of its streams, and of the theme that was there before its body.
const WITNESS: &str = r"
    window.witness = { streams: [], themeBeforeBody: undefined, changes: [] };
    window.EventSource = class extends window.EventSource {
        constructor(...given) { super(...given); window.witness.streams.push(this); }
    };
    new MutationObserver((_, observer) => {
        if (!document.body) return;
        window.witness.themeBeforeBody = document.documentElement.dataset.theme ?? null;
        observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
";

/// Notes every text that the elements of a hook take on.
const RECORD: &str = r#"
    const note = () => {
        const now = document.querySelector(`[data-horizon="${arguments[0]}"]`)?.textContent.trim();
        if (window.witness.changes.at(-1) !== now) window.witness.changes.push(now);
    };
    note();
    new MutationObserver(note).observe(document.body, { childList: true, characterData: true, subtree: true });
"#;

/// Someone with a browser of their own.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    client: Client,
    site: String,
    _profile: TempDir,
}

impl Reader {
    pub(crate) async fn start(driver: &Driver, name: &str, site: String) -> anyhow::Result<Self> {
        let profile = TempDir::new().context("no temporary folder for a browser's profile")?;
        let agent =
            format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 {name}/1.0");
        let client = driver.browser(&profile, &agent).await?;
        let reader = Self(Arc::new(Inner {
            name: name.to_owned(),
            client,
            site,
            _profile: profile,
        }));
        reader.bear_witness().await?;
        Ok(reader)
    }

    /// What the test calls them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Opens a page of the blog, as far as its `load` event.
    ///
    /// # Errors
    /// The browser's.
    pub async fn opens(&self, path: &str) -> anyhow::Result<()> {
        let address = format!("{}{path}", self.0.site);
        self.0
            .client
            .goto(&address)
            .await
            .with_context(|| format!("{} opens {address}", self.name()))
    }

    /// Opens a page and waits until its stream is connected, and so its islands live.
    ///
    /// # Errors
    /// The browser's, or no stream in time.
    pub async fn opens_live(&self, path: &str) -> anyhow::Result<()> {
        self.opens(path).await?;
        self.is_live().await
    }

    /// Waits until the page's stream is connected.
    ///
    /// # Errors
    /// It is not in time.
    pub async fn is_live(&self) -> anyhow::Result<()> {
        self.finds(
            "the live stream is open",
            "return window.witness?.streams.some(s => s.readyState === 1)",
        )
        .await
    }

    /// Loads the page again and waits until it is live.
    ///
    /// # Errors
    /// The browser's, or no stream in time.
    pub async fn reloads(&self) -> anyhow::Result<()> {
        self.0.client.refresh().await?;
        self.is_live().await
    }

    /// Goes somewhere else; the browser stays open.
    ///
    /// # Errors
    /// The browser's.
    pub async fn leaves(&self) -> anyhow::Result<()> {
        Ok(self.0.client.goto("about:blank").await?)
    }

    /// Opens a page in another tab, which is then the one that is spoken of.
    ///
    /// # Errors
    /// The browser's, or no stream in time.
    pub async fn opens_another_tab(&self, path: &str) -> anyhow::Result<()> {
        let tab = self.0.client.new_window(true).await?;
        self.0.client.switch_to_window(tab.handle).await?;
        self.bear_witness().await?;
        self.opens_live(path).await
    }

    /// Closes the tab that is spoken of and goes back to the first.
    ///
    /// # Errors
    /// The browser's.
    pub async fn closes_the_tab(&self) -> anyhow::Result<()> {
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

    /// Waits until the number of this hook (`viewers`, `likes`, …) is `expected`, wherever it stands.
    ///
    /// # Errors
    /// It is not in time.
    pub async fn sees(&self, hook: &str, expected: u64) -> anyhow::Result<()> {
        let what = format!("{} sees {expected} {hook}", self.name());
        wait_until(&what, async || {
            let seen = self.number(hook).await?;
            ensure!(seen == expected, "it is {seen}");
            Ok(())
        })
        .await
    }

    /// The number of this hook on the page now.
    ///
    /// # Errors
    /// The page has none, it is no number, or it differs between two places.
    pub async fn number(&self, hook: &str) -> anyhow::Result<u64> {
        let script = r#"return [...new Set([...document.querySelectorAll(`[data-horizon="${arguments[0]}"]`)].map(e => e.textContent.trim()))]"#;
        let texts = self.script(script, &[json!(hook)]).await?;
        match texts.as_array().map(Vec::as_slice) {
            Some([Value::String(one)]) => one
                .replace(',', "")
                .parse()
                .with_context(|| format!("`{one}` is no number of {hook}")),
            _ => bail!("{hook} reads {texts}, and should be one number"),
        }
    }

    /// Starts to note how the text of this hook changes.
    ///
    /// # Errors
    /// The browser's.
    pub async fn records(&self, hook: &str) -> anyhow::Result<()> {
        self.script(RECORD, &[json!(hook)]).await.map(drop)
    }

    /// What was noted since [`records`](Self::records).
    ///
    /// # Errors
    /// The browser's.
    pub async fn recorded(&self) -> anyhow::Result<Vec<String>> {
        let changes = self.script("return window.witness.changes", &[]).await?;
        Ok(changes
            .as_array()
            .into_iter()
            .flatten()
            .map(|change| text(change).to_owned())
            .collect())
    }

    /// Clicks the first element that matches, once there is one.
    ///
    /// # Errors
    /// There is none in time, or it cannot be clicked.
    pub async fn clicks(&self, selector: &str) -> anyhow::Result<()> {
        let what = format!("{} clicks `{selector}`", self.name());
        // The driver scrolls too, but does not wait for a page that does so smoothly.
        let scroll = "document.querySelector(arguments[0])?.scrollIntoView({ block: 'center', behavior: 'instant' })";
        wait_until(&what, async || {
            self.script(scroll, &[json!(selector)]).await?;
            Ok(self.element(selector).await?.click().await?)
        })
        .await
    }

    /// Types into a field, behind what is in it.
    ///
    /// # Errors
    /// There is no such field in time.
    pub async fn types(&self, selector: &str, words: &str) -> anyhow::Result<()> {
        let what = format!("{} types into `{selector}`", self.name());
        let field = wait_until(&what, async || self.element(selector).await).await?;
        Ok(field.send_keys(words).await?)
    }

    /// Writes a comment and sends it off.
    ///
    /// # Errors
    /// The page has no form for it.
    pub async fn comments(&self, author: &str, words: &str) -> anyhow::Result<()> {
        self.types(r#"form[data-horizon="comment-form"] [name="author"]"#, author)
            .await?;
        self.types(r#"form[data-horizon="comment-form"] [name="body"]"#, words)
            .await?;
        self.clicks(r#"form[data-horizon="comment-form"] [type="submit"]"#)
            .await
    }

    /// Waits until a comment with these words stands in the list.
    ///
    /// # Errors
    /// It does not in time.
    pub async fn sees_comment(&self, words: &str) -> anyhow::Result<()> {
        let script = r#"return [...document.querySelectorAll('[data-horizon="comment-list"] article[data-comment-id]')]
            .some(e => e.textContent.includes(arguments[0]))"#;
        let what = format!("{} sees the comment `{words}`", self.name());
        wait_until(&what, async || {
            ensure!(
                self.script(script, &[json!(words)]).await? == json!(true),
                "it is not in the list"
            );
            Ok(())
        })
        .await
    }

    /// Waits until the script's `return` is true of the page.
    ///
    /// # Errors
    /// It is not in time.
    pub async fn finds(&self, what: &str, script: &str) -> anyhow::Result<()> {
        wait_until(&format!("{} finds that {what}", self.name()), async || {
            let answer = self.script(script, &[]).await?;
            ensure!(answer == json!(true), "the page says {answer}");
            Ok(())
        })
        .await
    }

    /// Runs a script in the page; `arguments` are its arguments.
    ///
    /// # Errors
    /// The script's.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        self.0
            .client
            .execute(script, arguments.to_vec())
            .await
            .with_context(|| format!("the script `{script}`"))
    }

    /// The first element that matches now.
    ///
    /// # Errors
    /// There is none.
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
    /// The method's.
    pub async fn devtools(&self, method: &str, parameters: &Value) -> anyhow::Result<Value> {
        let command = Extension::devtools(method, parameters);
        self.0
            .client
            .issue_cmd(command)
            .await
            .with_context(|| format!("the browser's {method}"))
    }

    /// Takes the network away, or gives it back.
    ///
    /// # Errors
    /// The browser's.
    pub async fn goes_offline(&self, offline: bool) -> anyhow::Result<()> {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", &conditions)
            .await
            .map(drop)
    }

    /// A picture of what is seen, as PNG.
    ///
    /// # Errors
    /// The browser's.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.client.screenshot().await?)
    }

    /// Waits until the console has an error that holds this text. The errors up to there are gone then.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn reads_in_console(&self, text: &str) -> anyhow::Result<()> {
        let what = format!("{} reads `{text}` in the console", self.name());
        wait_until(&what, async || {
            let console = self.0.client.issue_cmd(Extension::take_log("browser")).await?;
            let errors = log::errors(&console, false);
            ensure!(errors.iter().any(|error| error.contains(text)), "it has {errors:?}");
            Ok(())
        })
        .await
    }

    async fn bear_witness(&self) -> anyhow::Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WITNESS }))
            .await
            .map(drop)
    }

    /// Closes the browser and says which errors it logged and whom it talked to.
    pub(crate) async fn close(&self, network_may_fail: bool) -> anyhow::Result<(Vec<String>, BTreeSet<String>)> {
        let console = self.0.client.issue_cmd(Extension::take_log("browser")).await;
        let network = self.0.client.issue_cmd(Extension::take_log("performance")).await;
        self.0.client.clone().close().await?;
        Ok((log::errors(&console?, network_may_fail), log::hosts(&network?)))
    }
}
