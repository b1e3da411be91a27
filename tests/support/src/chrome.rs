//! Debian's Chromium through its ChromeDriver.

use std::{env, path::PathBuf, process::Stdio};

use anyhow::{Context, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::DEADLINE;

/// What ChromeDriver writes to standard output when it accepts connections, in front of its port.
const READY: &str = "ChromeDriver was started successfully on port ";

/// Flags for a browser without a screen, without a sandbox (tests run as root) and without its own network requests.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--lang=en-US",
    "--window-size=1200,900",
];

/// A running ChromeDriver. Dropping it stops the driver and its browsers.
#[derive(Debug)]
pub(crate) struct ChromeDriver {
    _child: Child,
    chromium: PathBuf,
    port: u16,
}

impl ChromeDriver {
    /// Starts ChromeDriver on a free port.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let Some(chromium) = find(&["chromium", "chromium-browser", "google-chrome"]) else {
            bail!("Chromium is missing: run `cargo xtask test`, which installs it");
        };
        let Some(driver) = find(&["chromedriver"]) else {
            bail!("ChromeDriver is missing: run `cargo xtask test`, which installs it");
        };
        let mut child = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("ChromeDriver does not start")?;
        let port = timeout(DEADLINE, port_of(&mut child))
            .await
            .context("ChromeDriver did not report its port in time")??;
        Ok(Self {
            _child: child,
            chromium,
            port,
        })
    }

    /// Starts a browser with this profile and user agent.
    pub(crate) async fn browser(&self, profile: &TempDir, agent: &str) -> anyhow::Result<Client> {
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        flags.push(format!("--user-agent={agent}"));
        let capabilities = Map::from_iter([
            ("browserName".to_owned(), json!("chrome")),
            (
                "goog:chromeOptions".to_owned(),
                json!({ "binary": self.chromium, "args": flags }),
            ),
            (
                "goog:loggingPrefs".to_owned(),
                json!({ "browser": "ALL", "performance": "ALL" }),
            ),
            ("pageLoadStrategy".to_owned(), json!("normal")),
        ]);
        let address = format!("http://127.0.0.1:{}", self.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&address).await;
        client.with_context(|| format!("{} does not start", self.chromium.display()))
    }
}

/// Returns the first of these programs in the `PATH`.
fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let candidates = programs
        .iter()
        .flat_map(|program| env::split_paths(&path).map(move |folder| folder.join(program)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

async fn port_of(child: &mut Child) -> anyhow::Result<u16> {
    let output = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(port) = line.strip_prefix(READY) {
            let port = port
                .trim_end_matches('.')
                .parse()
                .with_context(|| format!("`{line}` does not contain a port"))?;
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
    }
    bail!("ChromeDriver ended without reporting its port")
}

/// Returns the text of a JSON value, or an empty text if the value is not a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
