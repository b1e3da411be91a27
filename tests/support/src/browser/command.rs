//! Commands beyond the WebDriver standard.

use std::path::Path;

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A `POST` request to a path below the session.
#[derive(Debug)]
pub(super) struct WebDriverCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCommand {
    /// Chromium: calls a method of the Chrome DevTools Protocol.
    pub(super) fn devtools(method: &str, parameters: &Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            body: json!({ "cmd": method, "params": parameters }),
        }
    }

    /// Chromium: returns the log entries since the last call. `kind` is `browser` or `performance`.
    pub(super) fn take_log(kind: &str) -> Self {
        Self {
            path: "se/log",
            body: json!({ "type": kind }),
        }
    }

    /// Firefox: runs the following scripts in the page (`content`) or in the window of the browser (`chrome`).
    pub(super) fn set_context(context: &str) -> Self {
        Self {
            path: "moz/context",
            body: json!({ "context": context }),
        }
    }

    /// Firefox: installs the extension in this folder until the browser ends.
    pub(super) fn install_extension(folder: &Path) -> Self {
        Self {
            path: "moz/addon/install",
            body: json!({ "path": folder, "temporary": true }),
        }
    }
}

impl WebDriverCompatibleCommand for WebDriverCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
