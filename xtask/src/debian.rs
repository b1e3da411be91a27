//! Installs Debian packages.

use std::{path::Path, process::Command};

use anyhow::{Context, bail};

use crate::{
    program_search::found,
    run::{self, print_line},
};

/// The packages that start a server when they are installed; the services have the same names. Tests and benchmarks
/// start these programs themselves, on ports of their own.
const SERVICES: [&str; 7] = [
    "redis-server",
    "postgresql",
    "pgbouncer",
    "nginx",
    "caddy",
    "apache2",
    "haproxy",
];

/// Returns whether packages of Debian can be installed.
pub(crate) fn has_apt() -> bool {
    Path::new("/etc/debian_version").exists() && found("apt-get")
}

/// Installs Debian packages, without starting their services now or at the next boot.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    for package in packages {
        print_line(&format!("Installing the Debian package {package}."));
    }
    run::run(apt_get()?.arg("update"))?;
    let has_systemd = Path::new("/run/systemd/system").exists();
    let services: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| has_systemd && SERVICES.contains(package) && !is_installed(package))
        .collect();
    systemctl("mask", &services)?;
    let mut install = apt_get()?;
    install
        .args(["install", "-y", "--no-install-recommends"])
        .args(packages);
    let installed = run::run(&mut install);
    systemctl("unmask", &services)?;
    installed?;
    systemctl("disable", &services)
}

/// Returns whether the Debian package is installed. Its service may then be in use.
fn is_installed(package: &str) -> bool {
    let query = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output();
    query.is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

/// Changes services, so that they do not start.
fn systemctl(action: &str, services: &[&str]) -> anyhow::Result<()> {
    if services.is_empty() {
        return Ok(());
    }
    run::run(as_root("systemctl")?.arg(action).args(services))
}

fn apt_get() -> anyhow::Result<Command> {
    let mut command = as_root("apt-get")?;
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn as_root(program: &str) -> anyhow::Result<Command> {
    let id = Command::new("id").arg("-u").output().context("`id` does not start")?;
    let root = String::from_utf8_lossy(&id.stdout).trim() == "0";
    match (root, found("sudo")) {
        (true, _) => Ok(Command::new(program)),
        (false, true) => {
            let mut command = Command::new("sudo");
            command.arg(program);
            Ok(command)
        }
        (false, false) => bail!("installing Debian packages needs root or sudo: run this once as root"),
    }
}
