//! A server process that can be killed, paused and started again, and ends when this process ends.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, ensure};
use tokio::process::Command;

use super::programs::ServerUser;
use crate::wait_until;

/// Runs the server each time it reads a line. At the end of standard input, which is also the end of the process that
/// holds the other side, it stops the server and removes the folder. The arguments are the folder, the signal that
/// stops the server, the server and its arguments.
const RUN_SERVER: &str = r#"
folder=$1; signal=$2; shift 2
while read -r _; do
    started=1
    (
        "$@" >>"$folder/log" 2>&1 &
        echo $! >"$folder/pid"
        wait $!
        : >"$folder/ended"
        rm -f "$folder/pid"
    ) &
done
if [ -n "$started" ]; then
    while [ ! -f "$folder/pid" ] && [ ! -f "$folder/ended" ]; do sleep 0.05; done
    server=$(cat "$folder/pid" 2>/dev/null) && kill "-$signal" "$server" && kill -CONT "$server"
    wait
fi
rm -rf "$folder"
"#;

/// A server with its folder, which is removed at the end.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shell: Child,
    folder: PathBuf,
    /// The length of the log before the last start.
    old_log: AtomicUsize,
}

impl Supervisor {
    /// Runs `command` as this user when it is started. `stop_signal` ends it at once.
    pub(crate) fn new(
        user: &ServerUser,
        folder: PathBuf,
        stop_signal: &str,
        command: &[String],
    ) -> anyhow::Result<Self> {
        let mut shell = user.command("sh");
        shell.args(["-c", RUN_SERVER, "sh"]).arg(&folder).arg(stop_signal);
        shell.args(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self {
            shell: shell.spawn().context("`sh` cannot be started")?,
            folder,
            old_log: AtomicUsize::new(0),
        })
    }

    /// Starts the server and waits until its log contains `ready`. Returns whether it does: false if the server ended.
    pub(crate) async fn start(&self, ready: &str) -> anyhow::Result<bool> {
        self.old_log.store(read(&self.log_path()).len(), Ordering::Relaxed);
        let ended = self.folder.join("ended");
        if ended.exists() {
            fs::remove_file(&ended)?;
        }
        let mut input = self.shell.stdin.as_ref().context("the server is being dropped")?;
        writeln!(input, "start").context("the shell of the server has ended")?;
        wait_until("the server starts or ends", async || {
            let log = self.log();
            if log.contains(ready) {
                return Ok(true);
            }
            ensure!(ended.exists(), "its log:\n{log}");
            Ok(false)
        })
        .await
    }

    /// Returns the folder with the files of the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what the server logged since its last start.
    pub(crate) fn log(&self) -> String {
        let mut log = read(&self.log_path());
        log.split_off(self.old_log.load(Ordering::Relaxed).min(log.len()))
    }

    /// Returns whether the server was started and has not ended.
    pub(crate) fn is_running(&self) -> bool {
        self.folder.join("pid").exists()
    }

    /// Sends a signal to the server, not to its children.
    pub(crate) async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        send(signal, &[self.id()?]).await
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(&self) -> anyhow::Result<()> {
        wait_until("the server ends", async || {
            ensure!(!self.is_running(), "its log:\n{}", self.log());
            Ok(())
        })
        .await
    }

    /// Sends SIGKILL to the server and its children, all at once, and waits until they have ended.
    pub(crate) async fn kill(&self) -> anyhow::Result<()> {
        let processes = self.pause().await?;
        send("-KILL", &processes).await?;
        wait_until("the processes end", async || {
            let left = processes.iter().find(|id| is_alive(**id));
            ensure!(left.is_none(), "{left:?} still runs");
            Ok(())
        })
        .await?;
        self.ended().await
    }

    /// Sends SIGSTOP to the server, so that it starts no other process, and then to its children. Returns all of them.
    pub(crate) async fn pause(&self) -> anyhow::Result<Vec<u32>> {
        self.signal("-STOP").await?;
        let processes = self.processes()?;
        send("-STOP", &processes).await?;
        Ok(processes)
    }

    /// Sends SIGCONT to the server and its children.
    pub(crate) async fn resume(&self) -> anyhow::Result<()> {
        send("-CONT", &self.processes()?).await
    }

    /// Returns the ids of the server and its children (Linux).
    fn processes(&self) -> anyhow::Result<Vec<u32>> {
        let server = self.id()?;
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
        let children = children.context("the children of the server are unknown")?;
        let ids: Result<Vec<u32>, _> = children.split_whitespace().map(str::parse).collect();
        Ok([server].into_iter().chain(ids?).collect())
    }

    /// Returns the id of the server, not of its children.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        let id = fs::read_to_string(self.folder.join("pid")).context("the server does not run")?;
        id.trim().parse().context("the file `pid` has no number")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }
}

impl Drop for Supervisor {
    /// Ends the server and waits for it.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

async fn send(signal: &str, processes: &[u32]) -> anyhow::Result<()> {
    let ids = processes.iter().map(u32::to_string);
    // A child may have ended in the meantime, which `kill` reports.
    let sent = Command::new("kill").arg(signal).args(ids).output().await;
    sent.context("`kill` does not start").map(drop)
}

/// Returns whether a process runs. A process that has ended is a zombie until its parent waits for it.
fn is_alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}
