//! The tabs of a browser. Only the current tab is visible, unless the browser opened another one by itself.

use anyhow::Context;
use fantoccini::{
    actions::{InputSource, MOUSE_BUTTON_MIDDLE, MouseActions, PointerAction},
    wd::WindowHandle,
};
use serde_json::json;

use super::{Browser, BrowserKind};
use crate::wait_until;

/// A tab of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

impl Browser {
    /// Opens a page in a new tab and makes it the current tab.
    ///
    /// # Errors
    /// The browser fails, or the stream does not open in time.
    pub async fn open_tab(&self, path: &str) -> anyhow::Result<()> {
        self.open_empty_tab().await?;
        self.open_live(path).await
    }

    /// Opens an empty tab and makes it the current tab.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn open_empty_tab(&self) -> anyhow::Result<()> {
        let tab = self.0.client.new_window(true).await?;
        self.0.client.switch_to_window(tab.handle).await?;
        self.send_privacy_signal().await
    }

    /// Opens the link that matches in a new tab in the background, with the middle button of the mouse. The current
    /// tab remains visible.
    ///
    /// # Errors
    /// There is no such link, or it does not open a tab in time.
    pub async fn open_in_background(&self, selector: &str) -> anyhow::Result<Tab> {
        let before = self.0.client.windows().await?;
        let click = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement {
                element: self.element(selector).await?,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
            .then(PointerAction::Down {
                button: MOUSE_BUTTON_MIDDLE,
            })
            .then(PointerAction::Up {
                button: MOUSE_BUTTON_MIDDLE,
            });
        self.0.client.perform_actions(click).await?;
        wait_until("the link opened a tab", async || {
            let tabs = self.0.client.windows().await?;
            let opened = tabs.into_iter().find(|tab| !before.contains(tab));
            Ok(Tab(opened.context("there is no new tab")?))
        })
        .await
    }

    /// Returns the current tab.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn current_tab(&self) -> anyhow::Result<Tab> {
        Ok(Tab(self.0.client.window().await?))
    }

    /// Makes another tab the current tab, and hides the others.
    ///
    /// # Errors
    /// The tab is closed.
    pub async fn show_tab(&self, tab: &Tab) -> anyhow::Result<()> {
        Ok(self.0.client.switch_to_window(tab.0.clone()).await?)
    }

    /// Closes the current tab and switches to the first one.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn close_tab(&self) -> anyhow::Result<()> {
        self.0.client.close_window().await?;
        let tabs = self.0.client.windows().await?;
        let first = tabs.into_iter().next().context("no tab is left")?;
        Ok(self.0.client.switch_to_window(first).await?)
    }

    /// Goes back by one page, as the button of the browser does.
    ///
    /// # Errors
    /// The browser fails.
    pub async fn back(&self) -> anyhow::Result<()> {
        Ok(self.0.client.back().await?)
    }

    /// Lets the pages of the current tab send the privacy signal. Firefox has a setting for all tabs.
    pub(super) async fn send_privacy_signal(&self) -> anyhow::Result<()> {
        if self.kind() == BrowserKind::Chromium && self.0.sends_privacy_signal {
            let headers = json!({ "headers": { "Sec-GPC": "1" } });
            self.devtools("Network.enable", &json!({})).await?;
            self.devtools("Network.setExtraHTTPHeaders", &headers).await?;
        }
        Ok(())
    }
}
