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

/// What ChromeDriver says on standard output once it serves.
const READY: &str = "ChromeDriver was started successfully on port ";

/// Keeps a browser without a screen, without a sandbox (root) and without calls of its own to the network.
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

/// A running ChromeDriver; it and its browsers end when it is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    _child: Child,
    chromium: PathBuf,
    port: u16,
}

impl Driver {
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
            .context("ChromeDriver said no port in time")??;
        Ok(Self {
            _child: child,
            chromium,
            port,
        })
    }

    /// Starts a browser with this profile that calls itself `agent`.
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

/// The first of these programs that is on the `PATH`.
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
                .with_context(|| format!("`{line}` names no port"))?;
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
    }
    bail!("ChromeDriver ended without saying its port")
}

/// The text in a JSON answer, empty if it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
