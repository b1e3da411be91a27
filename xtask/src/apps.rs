//! `cargo xtask apps`: the applications in `examples/apps`, each with its own Cargo.lock, as users write them.
//!
//! They are built as their users would: from `cargo new` in an empty folder, outside of the repository.
//!
//! An application listens on the address in `ADDRESS`, stores its files in the current folder, serves EventHorizon
//! below `/horizon`, and ends with status 0 after SIGTERM. The section `[package.metadata.app]` of its manifest has the
//! path of a page (`page = "/bread"`), and `postgres = true` if it needs the PostgreSQL server in `DATABASE_URL`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    blog,
    run::{self, Steps},
    tools,
};

/// The folder of the applications.
const FOLDER: &str = "examples/apps";

/// The program that runs an application and checks that it works.
const RUNNER: &str = "horizon-apps";

/// Builds the applications from `cargo new`, runs each of them and checks over HTTP that it works.
pub(crate) fn apps(root: &Path, steps: &mut Steps) -> anyhow::Result<()> {
    steps.run("PostgreSQL", tools::ensure_postgres)?;
    let mut build = run::cargo(root);
    build.args(["build", "--package", RUNNER]);
    steps.run("build", || run::run(&mut build))?;
    for folder in folders(root)? {
        let app = App::read(root, &folder)?;
        steps.run(&app.name, || app.build_and_run(root, &folder))?;
    }
    Ok(())
}

/// Checks that each application resolves with its Cargo.lock, is formatted, and compiles without warnings.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for folder in folders(root)? {
        App::read(root, &folder)?;
        run::run(run::cargo(&folder).args(["fmt", "--check"]))?;
        let mut clippy = cargo(root, &folder);
        clippy.args(["clippy", "--locked", "--all-targets", "--", "-D", "warnings"]);
        run::run(&mut clippy)?;
    }
    Ok(())
}

/// Returns the folders of the applications.
fn folders(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root.join(FOLDER)).with_context(|| format!("{FOLDER} cannot be read"))?;
    let folders = entries.flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.join("Cargo.toml").is_file()).collect();
    folders.sort();
    ensure!(!folders.is_empty(), "{FOLDER} has no applications");
    Ok(folders)
}

/// Returns a command for cargo in the folder of an application. All applications have one target folder.
fn cargo(root: &Path, folder: &Path) -> Command {
    let mut cargo = run::cargo(folder);
    cargo.env("CARGO_TARGET_DIR", target(root));
    cargo
}

fn target(root: &Path) -> PathBuf {
    run::target(root).join("apps")
}

/// What a manifest says about an application.
struct App {
    name: String,
    page: String,
    needs_postgres: bool,
}

impl App {
    /// Reads the manifest, and checks that the application resolves with its Cargo.lock.
    fn read(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let mut metadata = cargo(root, folder);
        metadata.args(["metadata", "--locked", "--format-version", "1"]);
        let metadata = run::output(&mut metadata).with_context(|| {
            format!(
                "{FOLDER} must resolve; if a dependency of ours changed: cargo update --workspace --manifest-path {}",
                manifest.display()
            )
        })?;
        let metadata: Value = serde_json::from_str(&metadata).context("`cargo metadata` returned no JSON")?;
        let packages = metadata.get("packages").and_then(Value::as_array);
        let is_app = |package: &&Value| package.get("manifest_path").and_then(Value::as_str) == manifest.to_str();
        let package = packages.into_iter().flatten().find(is_app);
        let package = package.with_context(|| format!("{} is not a package", manifest.display()))?;
        let text = |pointer| package.pointer(pointer).and_then(Value::as_str);
        let page = text("/metadata/app/page");
        let page = page.with_context(|| format!("{} has no metadata.app.page", manifest.display()))?;
        Ok(Self {
            name: text("/name").unwrap_or_default().to_owned(),
            page: page.to_owned(),
            needs_postgres: package.pointer("/metadata/app/postgres") == Some(&Value::Bool(true)),
        })
    }

    fn build_and_run(&self, root: &Path, folder: &Path) -> anyhow::Result<()> {
        let empty = TempDir::new().context("no temporary folder for `cargo new`")?;
        let package = self.create(root, folder, empty.path())?;
        if package.join("src/tests.rs").is_file() {
            run::run(cargo(root, &package).args(["test", "--locked"]))?;
        }
        run::run(cargo(root, &package).args(["build", "--locked"]))?;
        let works = self.run(root);
        // The next run has another path, so cargo cannot reuse what it built for this one.
        run::run(cargo(root, &package).args(["clean", "--package", &self.name]))?;
        works
    }

    /// Creates the application with `cargo new` in an empty folder: adds the dependencies of its manifest and copies
    /// its sources, and its Cargo.lock so that the dependencies are built once. Returns the folder of the package.
    fn create(&self, root: &Path, folder: &Path, empty: &Path) -> anyhow::Result<PathBuf> {
        run::run(run::cargo(empty).args(["new", "--vcs", "none", &self.name]))?;
        let package = empty.join(&self.name);
        let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
        let (_, dependencies) = manifest
            .split_once("\n[dependencies]\n")
            .with_context(|| format!("{} has no dependencies", folder.display()))?;
        let root = root.to_str().context("the path of the repository is not UTF-8")?;
        // Relative paths start at the folder of the manifest.
        let dependencies = dependencies.replace("path = \"../../..", &format!("path = \"{root}"));
        let created = fs::read_to_string(package.join("Cargo.toml"))?;
        fs::write(package.join("Cargo.toml"), created + &dependencies)?;
        fs::copy(folder.join("Cargo.lock"), package.join("Cargo.lock"))?;
        for source in fs::read_dir(folder.join("src"))? {
            let source = source?;
            fs::copy(source.path(), package.join("src").join(source.file_name()))?;
        }
        Ok(package)
    }

    /// Runs the program and checks it over HTTP.
    fn run(&self, root: &Path) -> anyhow::Result<()> {
        let program = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        let mut runner = Command::new(blog::binary(root, "debug", RUNNER));
        runner.arg(target(root).join("debug").join(program)).arg(&self.page);
        if self.needs_postgres {
            runner.arg("--postgres");
        }
        run::run(&mut runner)
    }
}
