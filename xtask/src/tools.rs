//! What is not Rust and yet needed: found, or installed with a line that says so.

use std::{env, path::Path, process::Command};

use anyhow::{Context, bail};

use crate::run::{self, WASM, say};

/// The version of cargo-deny that is installed when there is none.
const CARGO_DENY: &str = "0.20.2";

struct Tool {
    /// The names it goes by; one of them on the `PATH` is enough.
    programs: &'static [&'static str],
    /// The Debian package that brings it.
    package: &'static str,
    /// How to get it elsewhere, as the rest of a sentence.
    elsewhere: &'static str,
}

const TOOLS: [Tool; 6] = [
    Tool {
        programs: &["chromium", "chromium-browser", "google-chrome"],
        package: "chromium",
        elsewhere: "install Chromium or Chrome (https://www.chromium.org/getting-involved/download-chromium)",
    },
    Tool {
        programs: &["chromedriver"],
        package: "chromium-driver",
        elsewhere: "install the ChromeDriver of your Chromium's version (https://googlechromelabs.github.io/chrome-for-testing)",
    },
    Tool {
        programs: &["wasm-opt"],
        package: "binaryen",
        elsewhere: "install Binaryen (https://github.com/WebAssembly/binaryen/releases)",
    },
    Tool {
        programs: &["redis-server"],
        package: "redis-server",
        elsewhere: "install Redis (https://redis.io/docs/latest/operate/oss_and_stack/install)",
    },
    Tool {
        programs: &["redis-cli"],
        package: "redis-tools",
        elsewhere: "install Redis with its command line (https://redis.io/docs/latest/operate/oss_and_stack/install)",
    },
    Tool {
        programs: &["python3"],
        package: "python3",
        elsewhere: "install Python 3.9 or newer (https://www.python.org/downloads)",
    },
];

/// Makes sure that rustc can compile for the browser.
pub(crate) fn ensure_wasm_target() -> anyhow::Result<()> {
    let probe = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .output();
    let folder = probe.context("`rustc` does not start")?.stdout;
    if Path::new(String::from_utf8_lossy(&folder).trim()).is_dir() {
        return Ok(());
    }
    if !found("rustup") {
        bail!("the Rust target {WASM} is missing and so is rustup: install the target the way you installed Rust");
    }
    say(&format!(
        "Installing the Rust target {WASM}, which the islands are compiled for."
    ));
    run::run(Command::new("rustup").args(["target", "add", WASM]))
}

/// Makes sure that the tests with browsers, with Redis and with Python can run.
pub(crate) fn ensure_test_tools() -> anyhow::Result<()> {
    ensure(&TOOLS)
}

/// Makes sure that a Redis can be started.
pub(crate) fn ensure_redis() -> anyhow::Result<()> {
    ensure(TOOLS.iter().filter(|tool| tool.package.starts_with("redis")))
}

fn ensure<'a>(tools: impl IntoIterator<Item = &'a Tool>) -> anyhow::Result<()> {
    let missing: Vec<&Tool> = tools
        .into_iter()
        .filter(|tool| !tool.programs.iter().any(|name| found(name)))
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    if !Path::new("/etc/debian_version").exists() || !found("apt-get") {
        bail!(
            "{} is missing: {}, put it on the PATH and run this again",
            first.package,
            first.elsewhere
        );
    }
    for tool in &missing {
        say(&format!(
            "Installing the Debian package {}, which the tests need.",
            tool.package
        ));
    }
    run::run(apt_get()?.arg("update"))?;
    let packages = missing.iter().map(|tool| tool.package);
    run::run(
        apt_get()?
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages),
    )
}

/// Makes sure that `cargo deny` is there.
pub(crate) fn ensure_cargo_deny(root: &Path) -> anyhow::Result<()> {
    if found("cargo-deny") {
        return Ok(());
    }
    say(&format!(
        "Installing cargo-deny {CARGO_DENY}, which checks licences and sources."
    ));
    run::run(run::cargo(root).args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY]))
}

fn apt_get() -> anyhow::Result<Command> {
    let id = Command::new("id").arg("-u").output().context("`id` does not start")?;
    let root = String::from_utf8_lossy(&id.stdout).trim() == "0";
    let mut command = match (root, found("sudo")) {
        (true, _) => Command::new("apt-get"),
        (false, true) => {
            let mut command = Command::new("sudo");
            command.arg("apt-get");
            command
        }
        (false, false) => bail!("installing Debian packages needs root or sudo: run this once as root"),
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn found(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}
