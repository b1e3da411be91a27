//! The disk with the log and the database is full for a while.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use horizon_test_support::{WebServer, wait_until};
use tempfile::TempDir;

use crate::{dropped, is_well, like, likes, options};

/// A small file system for one test.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn mount() -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder.path())
            .status();
        ensure!(
            mounted.is_ok_and(|status| status.success()),
            "this test mounts a tmpfs: it has to run as root, where `mount` is permitted"
        );
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// Fills the file system.
fn fill(path: &Path) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    let block = [b'x'; 4_096];
    while file.write_all(&block).is_ok() {}
    Ok(())
}

#[tokio::test]
async fn likes_work_again_after_a_full_disk_and_none_is_lost() -> anyhow::Result<()> {
    let disk = Disk::mount()?;
    let log = File::options().create(true).append(true).open(disk.path("log"))?;
    let options = options()
        .with("RUST_LOG", "debug")
        .with(
            "HORIZON_STORE",
            &format!("sqlite:{}", disk.path("horizon.db").display()),
        )
        .with_standard_error(log);
    let server = WebServer::start(options).await?;
    let mut liked = 0;
    ensure!(like(&server, "hello", liked).await?.status == 200);
    fill(&disk.path("rubbish"))?;
    wait_until("likes and log lines fail", async || {
        let status = like(&server, "hello", liked + 1).await?.status;
        liked += u32::from(status == 200);
        ensure!(status == 503, "a like gets {status}");
        ensure!(dropped(&server, "write_error").await? > 0, "every line is written");
        Ok(())
    })
    .await?;
    fs::remove_file(disk.path("rubbish"))?;
    wait_until("likes work again", async || {
        let status = like(&server, "hello", liked + 1).await?.status;
        ensure!(status == 200, "a like gets {status}");
        Ok(())
    })
    .await?;
    liked += 1;
    is_well(&server).await?;
    let stored = likes(&server).await?;
    ensure!(
        stored == u64::from(liked) + 1,
        "{} likes were acknowledged, {stored} are stored",
        liked + 1
    );
    wait_until("the log reports dropped lines", async || {
        let log = fs::read_to_string(disk.path("log")).context("no log")?;
        ensure!(log.contains("log lines were lost"), "it says\n{log}");
        Ok(())
    })
    .await
}
