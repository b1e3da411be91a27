//! Tools that are not Rust crates: finds them, or installs them and prints which.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, bail};

use crate::{
    debian::{has_apt, install},
    npm::NpmPackage,
    program_search::found,
    run::{self, WASM, print_line},
};

/// The version of cargo-deny to install if it is missing.
const CARGO_DENY: &str = "0.20.2";

/// The version of geckodriver to install if it is missing.
const GECKODRIVER: &str = "0.37.1";

struct Tool {
    /// Its names; one that is [`found`] is enough. A file that is not a program has an absolute path.
    programs: &'static [&'static str],
    /// The Debian package that contains it.
    package: &'static str,
    /// How to install it on other systems, as the rest of a sentence.
    elsewhere: &'static str,
}

/// The tools of the tests.
const TOOLS: [Tool; 16] = [
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
        programs: &["firefox-esr", "firefox"],
        package: "firefox-esr",
        elsewhere: "install Firefox 128 or newer (https://www.mozilla.org/firefox)",
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
        elsewhere: "install Python 3.11 or newer (https://www.python.org/downloads)",
    },
    Tool {
        programs: &["nginx"],
        package: "nginx",
        elsewhere: "install nginx (https://nginx.org/en/download.html)",
    },
    Tool {
        programs: &["caddy"],
        package: "caddy",
        elsewhere: "install Caddy (https://caddyserver.com/docs/install)",
    },
    Tool {
        programs: &["apache2"],
        package: "apache2",
        elsewhere: "install the Apache HTTP Server (https://httpd.apache.org/docs/2.4/install.html)",
    },
    Tool {
        programs: &["haproxy"],
        package: "haproxy",
        elsewhere: "install HAProxy (https://www.haproxy.org/#down)",
    },
    Tool {
        programs: &["/usr/lib/nginx/modules/ngx_nchan_module.so"],
        package: "libnginx-mod-nchan",
        elsewhere: "build the module nchan for your nginx (https://nchan.io/#install)",
    },
    Tool {
        programs: &["faketime"],
        package: "faketime",
        elsewhere: "install libfaketime (https://github.com/wolfcw/libfaketime)",
    },
    Tool {
        programs: &["node"],
        package: "nodejs",
        elsewhere: "install Node.js 18 or newer (https://nodejs.org/en/download)",
    },
    Tool {
        programs: &["npm"],
        package: "npm",
        elsewhere: "install npm, which comes with Node.js (https://nodejs.org/en/download)",
    },
    Tool {
        programs: &["java"],
        package: "default-jre-headless",
        elsewhere: "install Java 11 or newer (https://adoptium.net)",
    },
];

/// The server of PostgreSQL, for tests and example applications.
const POSTGRES: Tool = Tool {
    programs: &["postgres"],
    package: "postgresql",
    elsewhere: "install PostgreSQL (https://www.postgresql.org/download)",
};

/// A pool of connections in front of PostgreSQL, for tests.
const PGBOUNCER: Tool = Tool {
    programs: &["pgbouncer"],
    package: "pgbouncer",
    elsewhere: "install PgBouncer (https://www.pgbouncer.org/install.html)",
};

/// The additional tools of the benchmarks.
const BENCH_TOOLS: [Tool; 2] = [
    Tool {
        programs: &["wrk"],
        package: "wrk",
        elsewhere: "install wrk (https://github.com/wg/wrk)",
    },
    Tool {
        programs: &["taskset"],
        package: "util-linux",
        elsewhere: "run the benchmarks on Linux, which has taskset in util-linux",
    },
];

/// The Debian package of `ensurepip`, which Debian's Python lacks and a virtual environment needs.
const PYTHON_VENV: &str = "python3-venv";

/// Installs the Rust target of the browser if it is missing.
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
    print_line(&format!(
        "Installing the Rust target {WASM}, the target of the browser's bundle."
    ));
    run::run(Command::new("rustup").args(["target", "add", WASM]))
}

/// Installs the missing tools of the tests.
pub(crate) fn ensure_test_tools() -> anyhow::Result<()> {
    ensure(TOOLS.iter().chain([&POSTGRES, &PGBOUNCER]))
}

/// Installs the missing tools of the tests and benchmarks.
pub(crate) fn ensure_bench_tools() -> anyhow::Result<()> {
    ensure(TOOLS.iter().chain([&POSTGRES]).chain(&BENCH_TOOLS))
}

/// Installs Redis if it is missing.
pub(crate) fn ensure_redis() -> anyhow::Result<()> {
    ensure(TOOLS.iter().filter(|tool| tool.package.starts_with("redis")))
}

/// Installs PostgreSQL if it is missing.
pub(crate) fn ensure_postgres() -> anyhow::Result<()> {
    ensure([&POSTGRES])
}

fn ensure<'a>(tools: impl IntoIterator<Item = &'a Tool>) -> anyhow::Result<()> {
    let missing: Vec<&Tool> = tools
        .into_iter()
        .filter(|tool| !tool.programs.iter().any(|name| found(name)))
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    if !has_apt() {
        bail!(
            "{} is missing: {}, put it on the PATH and run this again",
            first.package,
            first.elsewhere
        );
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    install(&packages)
}

/// Installs cargo-deny if it is missing.
pub(crate) fn ensure_cargo_deny(root: &Path) -> anyhow::Result<()> {
    if found("cargo-deny") {
        return Ok(());
    }
    print_line(&format!(
        "Installing cargo-deny {CARGO_DENY}, which checks licences and sources."
    ));
    run::run(run::cargo(root).args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY]))
}

/// Installs geckodriver, which Debian has no package for, if it is missing.
pub(crate) fn ensure_geckodriver(root: &Path) -> anyhow::Result<()> {
    if found("geckodriver") {
        return Ok(());
    }
    print_line(&format!(
        "Installing geckodriver {GECKODRIVER}, which controls Firefox."
    ));
    let mut install = run::cargo(root);
    // Unoptimised and without debug information: it does little, and this halves the time to compile it.
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    install.args([
        "install",
        "geckodriver",
        "--locked",
        "--debug",
        "--version",
        GECKODRIVER,
    ]);
    run::run(&mut install)
}

/// The versions of schemathesis and of what it needs.
const REQUIREMENTS: &str = "tests/e2e/tests/openapi/requirements.txt";

/// Installs schemathesis into `target/schemathesis` if these versions are not there.
pub(crate) fn ensure_schemathesis(root: &Path) -> anyhow::Result<()> {
    let folder = run::target(root).join("schemathesis");
    let (wanted, installed) = (root.join(REQUIREMENTS), folder.join("requirements.txt"));
    let versions = fs::read(&wanted).with_context(|| format!("{REQUIREMENTS} cannot be read"))?;
    if fs::read(&installed).is_ok_and(|installed| installed == versions) {
        return Ok(());
    }
    print_line("Installing schemathesis, which compares the server with its OpenAPI document.");
    ensure_python_venv()?;
    run::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]);
    run::run(install.arg(&wanted))?;
    Ok(fs::write(installed, versions)?)
}

/// The checker of accessibility that tests run in a browser. It is not part of a program.
const AXE: NpmPackage = NpmPackage {
    name: "axe-core",
    version: "4.14.1",
};

/// Installs axe into `target/npm/axe-core` if this version is not there.
pub(crate) fn ensure_axe(root: &Path) -> anyhow::Result<()> {
    if AXE.is_unpacked(root) {
        return Ok(());
    }
    print_line("Installing axe, which checks the accessibility of pages.");
    AXE.unpack(root).map(drop)
}

/// The Nu Html Checker, which tests run on pages. It is not part of a program.
const VNU: NpmPackage = NpmPackage {
    name: "vnu-jar",
    version: "26.9.27",
};

/// Installs the Nu Html Checker into `target/npm/vnu-jar` if this version is not there.
pub(crate) fn ensure_vnu(root: &Path) -> anyhow::Result<()> {
    if VNU.is_unpacked(root) {
        return Ok(());
    }
    print_line("Installing the Nu Html Checker, which checks the HTML of pages.");
    VNU.unpack(root).map(drop)
}

/// Installs what Debian's Python lacks for a virtual environment, if it is missing.
fn ensure_python_venv() -> anyhow::Result<()> {
    let probe = Command::new("python3").args(["-c", "import ensurepip"]).output();
    if probe.context("`python3` does not start")?.status.success() {
        return Ok(());
    }
    if !has_apt() {
        bail!("the Python module ensurepip is missing, which a virtual environment needs: install it for your python3");
    }
    install(&[PYTHON_VENV])
}
