//! The numbers that a page shows.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::{Browser, text};
use crate::wait_until;

/// Records each text of the first element with this `data-horizon` attribute.
const RECORD_CHANGES: &str = r#"
    const note = () => {
        const now = document.querySelector(`[data-horizon="${arguments[0]}"]`)?.textContent.trim();
        if (window.observed.changes.at(-1) !== now) window.observed.changes.push(now);
    };
    note();
    new MutationObserver(note).observe(document.body, { childList: true, characterData: true, subtree: true });
"#;

impl Browser {
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
}
