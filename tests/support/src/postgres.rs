use std::{
    env,
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::wait_until;

/// What PostgreSQL logs when it accepts connections.
const READY: &str = "database system is ready to accept connections";

/// What PostgreSQL logs if another process has its port.
const PORT_IS_TAKEN: &str = "Address already in use";

/// How often to try another free port.
const PORTS: usize = 3;

/// Where Debian installs each version of PostgreSQL.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

const MISSING: &str = "PostgreSQL is missing: run `cargo xtask test`, which installs it, or install the Debian package \
                       `postgresql` (elsewhere: put `initdb` and `postgres` on the PATH)";

/// Runs a server until standard input ends, which it also does when this process is killed, and then removes the
/// folder. The arguments are the folder, the server and its arguments.
const RUN_SERVER: &str = r#"
folder=$1; shift
exec 3<&0
"$@" 2>"$folder/log" 3<&- &
server=$!
(
    read -r _ <&3
    kill -QUIT "$server" 2>/dev/null
    while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
    rm -rf "$folder"
) &
wait "$server"
"#;

/// A running PostgreSQL server on a free port, with its files in a temporary folder. It ends with the process that
/// started it, also if it is kept in a `static`.
///
/// The user `postgres` needs no password. Unless the options say otherwise, nothing is flushed to the disk.
#[derive(Debug)]
pub struct PostgresServer {
    process: Child,
    port: u16,
}

impl PostgresServer {
    /// Starts a server and waits until it accepts connections. `options` are arguments of the program `postgres`, such
    /// as `["-c", "fsync=on"]`.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start in time. The error says how to install it, or contains its log.
    pub async fn start(options: &[&str]) -> anyhow::Result<Self> {
        for _ in 0..PORTS {
            if let Some(server) = Self::start_on_free_port(options).await? {
                return Ok(server);
            }
        }
        bail!("other processes took {PORTS} free ports")
    }

    /// Returns `None` if another process took the port first.
    async fn start_on_free_port(options: &[&str]) -> anyhow::Result<Option<Self>> {
        let (programs, user) = (programs()?, ServerUser::find()?);
        let folder = TempDir::with_prefix("postgres-").context("no temporary folder for PostgreSQL")?;
        user.own(folder.path())?;
        init_database(&programs, &user, folder.path()).await?;
        let port = free_port()?;
        // From here on, the script removes the folder.
        let folder = folder.keep();
        let mut command = user.command("sh");
        command.args(["-c", RUN_SERVER, "sh"]).arg(&folder);
        command
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(folder.join("data"));
        command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=200"]);
        command.args([
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ]);
        command.args(options);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().context("`sh` cannot be started")?;
        let mut server = Self { process, port };
        let log = folder.join("log");
        match wait_until("PostgreSQL starts or ends", async || server.has_started(&log)).await {
            Ok(true) => Ok(Some(server)),
            Ok(false) if read(&log).contains(PORT_IS_TAKEN) => Ok(None),
            failed => {
                failed?;
                bail!("PostgreSQL did not start; its log:\n{}", read(&log))
            }
        }
    }

    /// Returns whether the server accepts connections, false if it has ended, and an error while it starts.
    fn has_started(&mut self, log: &Path) -> anyhow::Result<bool> {
        if read(log).contains(READY) {
            return Ok(true);
        }
        ensure!(self.process.try_wait()?.is_some(), "its log:\n{}", read(log));
        Ok(false)
    }

    /// Returns the URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PostgresServer {
    /// Ends the server and waits for it.
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Returns the folder of `initdb` and `postgres`: the newest version of Debian, or one on the `PATH`.
fn programs() -> anyhow::Result<PathBuf> {
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

async fn init_database(programs: &Path, user: &ServerUser, folder: &Path) -> anyhow::Result<()> {
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

/// The user of the server. PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
struct ServerUser(Option<(u32, u32)>);

impl ServerUser {
    fn find() -> anyhow::Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self(None));
        }
        let ids = id(&["-u", "postgres"]).and_then(|user| Ok((user, id(&["-g", "postgres"])?)));
        ids.map(|ids| Self(Some(ids))).context(MISSING)
    }

    /// Makes this user the owner of a folder.
    fn own(&self, folder: &Path) -> anyhow::Result<()> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        chown(folder, Some(user), Some(group)).with_context(|| format!("{} cannot be handed over", folder.display()))
    }

    /// Returns a command that runs as this user, in a folder that it may enter.
    fn command(&self, program: impl Into<OsString>) -> Command {
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

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
