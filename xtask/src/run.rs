//! Steps with a name and a duration, and the programs that they run.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// The packages and features of lints and tests. The same in every step, so that nothing is built twice.
pub(crate) const WORKSPACE: [&str; 5] = [
    "--workspace",
    "--exclude",
    "horizon-hydrate",
    "--features",
    "horizon-core/testing,horizon-redis/testing",
];

/// The target of the browser's bundle.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The finished steps and their durations.
#[derive(Default)]
pub(crate) struct Steps(Vec<(String, Duration)>);

impl Steps {
    /// Prints the name of a step, runs it and records its duration.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        print_line(&format!("── {name}"));
        let started = Instant::now();
        let done = step().with_context(|| format!("step `{name}`"));
        self.0.push((name.to_owned(), started.elapsed()));
        done
    }

    /// Prints the duration of each step.
    pub(crate) fn print_summary(&self) {
        for (name, took) in &self.0 {
            print_line(&format!("{:>7.1} s  {name}", took.as_secs_f64()));
        }
    }
}

/// Prints a line to standard error.
#[expect(
    clippy::print_stderr,
    reason = "the messages of this program; standard output belongs to the tests"
)]
pub(crate) fn print_line(line: &str) {
    eprintln!("{line}");
}

/// Prefixes of the variables that cargo sets about the program that it runs.
const ABOUT_XTASK: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// Returns a command for this toolchain's cargo in the folder `root`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    remove_xtask_variables(&mut command);
    command
}

/// Removes the variables that cargo sets about xtask from a program that runs cargo. Build scripts depend on them
/// (ring's does), so they would run again after each change between `cargo build` and `cargo xtask`.
pub(crate) fn remove_xtask_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let is_about = |prefix| name.to_string_lossy().starts_with(prefix);
        if ABOUT_XTASK.into_iter().any(is_about) {
            command.env_remove(name);
        }
    }
}

/// Runs a program to its end. An exit code other than zero is an error that contains the command line.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let call = command_line(command);
    let status = command.status().with_context(|| format!("`{call}` does not start"))?;
    if !status.success() {
        bail!("`{call}` failed with {status}");
    }
    Ok(())
}

/// Runs a program to its end and returns its standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let call = command_line(command);
    let output = command.output().with_context(|| format!("`{call}` does not start"))?;
    if !output.status.success() {
        bail!(
            "`{call}` failed with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the paths of all files of the repository with this ending, also of those not committed yet.
pub(crate) fn tracked_files(root: &Path, ending: &str) -> anyhow::Result<Vec<String>> {
    let mut list = Command::new("git");
    list.current_dir(root);
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = output(&mut list)?;
    // `git` also lists files that were removed without a commit.
    let exist = names
        .split_terminator('\0')
        .filter(|name| name.ends_with(ending) && root.join(name).is_file());
    Ok(exist.map(str::to_owned).collect())
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns the target directory of cargo.
pub(crate) fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}
