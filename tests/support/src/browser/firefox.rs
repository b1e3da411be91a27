//! Debian's Firefox through geckodriver.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;
use fantoccini::Client;
use serde_json::{Map, Value, json};

use super::{
    command::WebDriverCommand,
    driver::{Driver, find},
    observer, text,
};
use crate::DEADLINE;

/// What geckodriver writes when it accepts connections.
const READY: &str = "Listening on 127.0.0.1:";

/// Records the host and port of each request of a page. Runs in the window of the browser.
const RECORD_HOSTS: &str = "
    window.hosts = new Set();
    Services.obs.addObserver({ observe(channel) {
        const { loadInfo, URI } = channel.QueryInterface(Ci.nsIHttpChannel);
        const isOfPage = loadInfo.triggeringPrincipal?.isContentPrincipal
            || loadInfo.externalContentPolicyType === Ci.nsIContentPolicy.TYPE_DOCUMENT;
        if (isOfPage) window.hosts.add(URI.asciiHostPort);
    } }, 'http-on-modify-request');
";

/// Returns the hosts that [`RECORD_HOSTS`] recorded.
const HOSTS: &str = "return [...window.hosts]";

/// Returns the errors of scripts, style sheets and content security policies of pages, and removes them from the log.
const ERRORS: &str = "
    const errors = Services.console.getMessageArray().filter(message => {
        return message instanceof Ci.nsIScriptError && /^https?:/.test(message.sourceName)
            && !(message.flags & (Ci.nsIScriptError.warningFlag | Ci.nsIScriptError.infoFlag));
    });
    Services.console.reset();
    return errors.map(error => `${error.category}: ${error.errorMessage}`);
";

/// Starts a browser whose user agent contains this name, with the observer in each page.
pub(super) async fn start(profile: &Path, name: &str, privacy_signal: bool) -> anyhow::Result<(Driver, Client)> {
    let firefox = find(&["firefox-esr", "firefox"])?;
    let root = profile.to_string_lossy();
    // Scripts in the window of the browser need access to the system.
    let arguments = ["--allow-system-access", "--profile-root", &*root];
    let driver = Driver::start(&find(&["geckodriver"])?, &arguments, READY).await?;
    let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 {name}/1.0");
    let preferences = json!({
        "general.useragent.override": agent,
        "intl.accept_languages": "en-US",
        "privacy.globalprivacycontrol.enabled": privacy_signal,
    });
    let capabilities = Map::from_iter([
        ("browserName".to_owned(), json!("firefox")),
        (
            "moz:firefoxOptions".to_owned(),
            json!({ "binary": firefox, "args": ["-headless"], "prefs": preferences }),
        ),
        ("pageLoadStrategy".to_owned(), json!("normal")),
        ("timeouts".to_owned(), json!({ "pageLoad": DEADLINE.as_millis() })),
    ]);
    let client = driver.connect(capabilities).await?;
    let extension = observer::write_extension(profile)?;
    let installed = client.issue_cmd(WebDriverCommand::install_extension(&extension)).await;
    installed.context("the extension is not installed")?;
    in_window(&client, RECORD_HOSTS).await?;
    Ok((driver, client))
}

/// Returns the errors in the console since the last call, with `network_may_fail` without those about streams that
/// were interrupted. Unlike Chromium, Firefox reports neither `console.error` nor responses with an error status here.
pub(super) async fn take_errors(client: &Client, network_may_fail: bool) -> anyhow::Result<Vec<String>> {
    let mut errors = texts(&in_window(client, ERRORS).await?);
    errors.retain(|error| !(network_may_fail && error.starts_with("Event Source: ")));
    Ok(errors)
}

/// Returns the `host:port` of each request of a page.
pub(super) async fn hosts(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    Ok(texts(&in_window(client, HOSTS).await?).into_iter().collect())
}

/// Runs a script in the window of the browser instead of the page.
async fn in_window(client: &Client, script: &str) -> anyhow::Result<Value> {
    client.issue_cmd(WebDriverCommand::set_context("chrome")).await?;
    let result = client.execute(script, Vec::new()).await;
    client.issue_cmd(WebDriverCommand::set_context("content")).await?;
    Ok(result?)
}

fn texts(values: &Value) -> Vec<String> {
    values
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| text(value).to_owned())
        .collect()
}
