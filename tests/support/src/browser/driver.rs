//! A WebDriver server: ChromeDriver or geckodriver.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::DEADLINE;

/// How often the server is started at most.
const MAX_STARTS: u32 = 5;

/// A running WebDriver server. Dropping it stops the server and its browser.
#[derive(Debug)]
pub(super) struct Driver {
    _child: Child,
    port: u16,
}

impl Driver {
    /// Starts the program on a free port. `ready` is what it writes to standard output in front of its port.
    ///
    /// ChromeDriver takes a free port of IPv4, and ends if another process has the same port of IPv6. It is then
    /// started again, on another port.
    pub(super) async fn start(program: &Path, arguments: &[&str], ready: &str) -> anyhow::Result<Self> {
        let name = program.display();
        for _ in 0..MAX_STARTS {
            let mut child = Command::new(program)
                .arg("--port=0")
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .with_context(|| format!("{name} does not start"))?;
            let port = timeout(DEADLINE, port_of(&mut child, ready))
                .await
                .context("not reported in time")
                .flatten()
                .with_context(|| format!("the port of {name}"))?;
            if let Some(port) = port {
                return Ok(Self { _child: child, port });
            }
        }
        bail!("{name} ended {MAX_STARTS} times without reporting its port")
    }

    /// Starts a browser with these capabilities.
    pub(super) async fn connect(&self, capabilities: Map<String, Value>) -> anyhow::Result<Client> {
        let address = format!("http://127.0.0.1:{}", self.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&address).await;
        client.context("the browser does not start")
    }
}

/// Returns the first of these programs in the `PATH`.
///
/// # Errors
/// None of them is installed.
pub(super) fn find(programs: &[&str]) -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates = programs
        .iter()
        .flat_map(|program| env::split_paths(&path).map(move |folder| folder.join(program)));
    match candidates.find(|candidate| candidate.is_file()) {
        Some(program) => Ok(program),
        None => bail!(
            "{} is missing: run `cargo xtask test`, which installs it",
            programs.join(" or ")
        ),
    }
}

/// Returns the port that the program reports, or `None` if it ends before.
async fn port_of(child: &mut Child, ready: &str) -> anyhow::Result<Option<u16>> {
    let output = child.stdout.take().context("it has no standard output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once(ready) {
            let port = port
                .trim_end_matches('.')
                .parse()
                .with_context(|| format!("`{line}` does not contain a port"))?;
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Some(port));
        }
    }
    Ok(None)
}
