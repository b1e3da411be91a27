//! The two peers in Node.js: their files and npm packages.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use tokio::{process::Command, sync::Mutex};

use crate::peer::ensure_installed;

/// The files that are written into the folder of the packages.
const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../node/package.json")),
    ("publish.js", include_str!("../node/publish.js")),
    ("ws.js", include_str!("../node/ws.js")),
    ("socket-io.js", include_str!("../node/socket-io.js")),
];

const LOCK: &str = include_str!("../node/package-lock.json");

/// A copy of the lock file of the installed packages.
const INSTALLED: &str = "installed.json";

/// Prevents concurrent installations by tests of one process.
static INSTALLING: Mutex<()> = Mutex::const_new(());

/// Returns the folder of the servers and their packages, in cargo's target folder. Installs what is missing.
pub(crate) async fn folder() -> anyhow::Result<PathBuf> {
    ensure_installed("node", "nodejs", "https://nodejs.org/en/download")?;
    ensure_installed("npm", "npm", "https://nodejs.org/en/download")?;
    let _one_at_a_time = INSTALLING.lock().await;
    let folder = target()?.join("peers-node");
    fs::create_dir_all(&folder)?;
    for (name, content) in FILES {
        fs::write(folder.join(name), content)?;
    }
    if fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|lock| lock == LOCK) {
        return Ok(folder);
    }
    install(&folder).await?;
    Ok(folder)
}

async fn install(folder: &Path) -> anyhow::Result<()> {
    fs::write(folder.join("package-lock.json"), LOCK)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder);
    let output = npm.output().await.context("`npm` does not start")?;
    ensure!(
        output.status.success(),
        "`npm ci` failed, which brings ws and socket.io from the registry of npm:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(fs::write(folder.join(INSTALLED), LOCK)?)
}

/// Returns cargo's target folder: a program is in `{target}/debug`, a test in `{target}/debug/deps`.
///
/// # Errors
/// The path of this program is unknown.
pub fn target() -> anyhow::Result<PathBuf> {
    let this = env::current_exe().context("this program has no path")?;
    let folder = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    let target = folder.and_then(Path::parent);
    Ok(target.context("this program lies in cargo's folder")?.to_owned())
}
