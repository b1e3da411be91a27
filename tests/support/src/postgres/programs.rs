//! The programs of PostgreSQL, and the user who runs them.

use std::{
    env,
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Where Debian installs each version of PostgreSQL.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

const MISSING: &str = "PostgreSQL is missing: run `cargo xtask test`, which installs it, or install the Debian package \
                       `postgresql` (elsewhere: put `initdb` and `postgres` on the PATH)";

/// Returns the folder of `initdb` and `postgres`: the newest version of Debian, or one on the `PATH`.
pub(super) fn programs() -> anyhow::Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_FOLDER)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = versions.into_iter().rev().map(|(_, folder)| folder);
    folders
        .chain(env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .context(MISSING)
}

/// Creates the folder of a server. The user `postgres` needs no password.
pub(super) async fn init_database(programs: &Path, user: &ServerUser, folder: &Path) -> anyhow::Result<()> {
    let mut command = user.command(programs.join("initdb"));
    command.arg("--pgdata").arg(folder.join("data"));
    command.args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .context("`initdb` cannot be started")?;
    ensure!(
        output.status.success(),
        "`initdb` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The user of the server. PostgreSQL and PgBouncer refuse to run as root, so root runs them as the user `postgres`.
pub(crate) struct ServerUser(Option<(u32, u32)>);

impl ServerUser {
    /// Finds the user.
    ///
    /// # Errors
    /// This is root, and there is no user `postgres`.
    pub(crate) fn find() -> anyhow::Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self(None));
        }
        let ids = id(&["-u", "postgres"]).and_then(|user| Ok((user, id(&["-g", "postgres"])?)));
        ids.map(|ids| Self(Some(ids))).context(MISSING)
    }

    /// Makes this user the owner of a file or folder.
    pub(crate) fn own(&self, path: &Path) -> anyhow::Result<()> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        chown(path, Some(user), Some(group)).with_context(|| format!("{} cannot be handed over", path.display()))
    }

    /// Returns a command that runs as this user, in a folder that it may enter.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        if let Some((user, group)) = self.0 {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(group);
        }
        command.current_dir("/");
        command
    }
}

/// Runs `id` and returns the number that it prints.
fn id(arguments: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id")
        .args(arguments)
        .output()
        .context("`id` does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .with_context(|| format!("`id {}` printed no number", arguments.join(" ")))
}

/// Returns a port that no process has now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
