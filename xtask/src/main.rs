//! `cargo xtask …` builds, runs and tests EventHorizon.

mod allowed;
mod apps;
mod arrows;
mod bench;
mod blog;
mod browser;
mod bundle;
mod check;
mod ci;
mod compatibility;
mod compile_errors;
mod crates;
mod data;
mod debian;
mod dependency_limits;
mod faults;
mod features;
mod front_pages;
mod glue;
mod line_length;
mod npm;
mod program_search;
mod run;
#[path = "../../eventhorizon/build/short_names.rs"]
mod short_names;
mod size;
mod test;
mod tools;
mod type_names;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};

use crate::run::Steps;

const USAGE: &str = "\
Usage: cargo xtask <command>

  blog [-- FLAGS]  builds the blog quickly and starts it; the server reads FLAGS and HORIZON_… variables
  check            the fast lane: fmt, structure, clippy, and the tests that need neither a browser nor Redis
  test [--firefox] installs the tools of the tests and runs all tests; with --firefox only the suite of tests in
                   tests/e2e/tests/counting, in Firefox
  ci               every check of a change: check, cargo-deny, rustdoc, all tests, compatibility, applications, packages
  compatibility    resolves the crates together with sqlx, sea-orm, diesel and rusqlite, and tests the oldest rusqlite
  features         checks the crates with each Cargo feature alone and with none, counts their dependencies, and checks
                   the compiler errors of common mistakes
  apps             builds and runs the applications in examples/apps, and checks that they work
  package          packages the published crates and builds the packages
  faults [FLAGS]   kills, pauses and overloads the processes under load, and checks that every number is right and every
                   loss is reported (three classes mount small disks and need root); --short, --only CLASS,
                   --mutants (runs each class with deliberate defects, which must be detected), --out FILE
  bench [FLAGS]    compares EventHorizon with other servers and with its targets; --quick, --only NAME, --out FILE
  data             updates the data files of adapters/context from npm (needs npm and tar), and prints what changed
  bundle           builds the browser's files into target/site
  screenshots      takes the screenshots of the README into docs/images
  time-to-live     measures how long a browser takes from navigation to live numbers, and how much it downloads";

fn main() -> ExitCode {
    let mut steps = Steps::default();
    let done = dispatch(&mut steps);
    steps.print_summary();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::print_line(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(steps: &mut Steps) -> anyhow::Result<()> {
    let root = root()?;
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match (command.as_str(), rest.as_slice()) {
        ("blog", flags) => blog::blog(&root, steps, flags.strip_prefix(&["--".to_owned()]).unwrap_or(flags)),
        ("test", []) => test::test(&root, steps),
        ("test", [flag]) if flag == "--firefox" => test::test_in_firefox(&root, steps),
        ("faults", flags) => faults::faults(&root, steps, flags),
        ("bench", flags) => bench::bench(&root, steps, flags),
        ("check", []) => check::check(&root, steps),
        ("ci", []) => ci::ci(&root, steps),
        ("compatibility", []) => {
            steps.run("compatibility", || compatibility::resolve(&root))?;
            steps.run("oldest rusqlite", || compatibility::rusqlite_versions(&root))
        }
        ("features", []) => {
            steps.run("dependency limits", || dependency_limits::check(&root))?;
            steps.run("features", || features::check(&root))?;
            steps.run("tests without features", || features::test(&root))?;
            steps.run("compile errors", || compile_errors::check(&root))
        }
        ("apps", []) => apps::apps(&root, steps),
        ("package", []) => steps.run("packages", || crates::package(&root)),
        ("data", []) => data::data(&root, steps),
        ("bundle", []) => blog::bundle(&root, steps),
        ("screenshots", []) => browser::screenshots(&root, steps),
        ("time-to-live", []) => browser::time_to_live(&root, steps),
        ("" | "help" | "--help" | "-h", []) => {
            run::print_line(USAGE);
            Ok(())
        }
        _ => bail!(
            "unknown command `{}`\n{USAGE}",
            [&[command], rest.as_slice()].concat().join(" ")
        ),
    }
}

/// Returns the folder of the workspace. Read at run time, because the folder may have moved since the build.
fn root() -> anyhow::Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    let root = Path::new(&package)
        .parent()
        .context("xtask must be in the folder of the workspace")?;
    Ok(root.to_owned())
}
