//! What it takes to build, run and test EventHorizon, as one command: `cargo xtask …`.

mod allowed;
mod arrows;
mod bench;
mod blog;
mod bundle;
mod check;
mod ci;
mod compatibility;
mod crates;
mod faults;
mod glue;
mod line_length;
mod run;
mod size;
mod test;
mod tools;
mod type_names;
mod visits;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};

use crate::run::Steps;

const USAGE: &str = "\
Usage: cargo xtask <command>

  blog [-- FLAGS]  builds the blog and serves it; FLAGS and HORIZON_… variables go to the server
  test             installs what the tests need, then runs all of them
  check            the fast lane: fmt, structure, clippy, and the tests that need neither a browser nor Redis
  ci               what a change must pass: fmt, cargo-deny, clippy, rustdoc, packages and the tests
  compatibility    resolves the crates beside sqlx, sea-orm, diesel and rusqlite, and tests the oldest rusqlite
  package          packages the crates for others, and builds the packages from one another
  faults [FLAGS]   kills, pauses and starves the processes under load and checks every number, and that no loss is
                   silent (one class fills a disk that it mounts, as root); --short, --only CLASS,
                   --sabotage (breaks a part in each class, which has to be noticed), --out FILE
  bench [FLAGS]    measures EventHorizon beside other servers and against its aims; --quick, --only NAME, --out FILE
  bundle           builds the browser's files into target/site
  screenshots      takes the README's pictures into docs/images
  time-to-live     says how long a browser takes from navigation to live numbers, and what it loads for them";

fn main() -> ExitCode {
    let mut steps = Steps::default();
    let done = dispatch(&mut steps);
    steps.sum_up();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("xtask: {error:#}"));
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
        ("faults", flags) => faults::faults(&root, steps, flags),
        ("bench", flags) => bench::bench(&root, steps, flags),
        ("check", []) => check::check(&root, steps),
        ("ci", []) => ci::ci(&root, steps),
        ("compatibility", []) => {
            steps.take("other crates", || compatibility::resolve(&root))?;
            steps.take("oldest rusqlite", || compatibility::rusqlite_versions(&root))
        }
        ("package", []) => steps.take("packages", || crates::package(&root)),
        ("bundle", []) => blog::bundle(&root, steps),
        ("screenshots", []) => visits::screenshots(&root, steps),
        ("time-to-live", []) => visits::time_to_live(&root, steps),
        ("" | "help" | "--help" | "-h", []) => {
            run::say(USAGE);
            Ok(())
        }
        _ => bail!(
            "`{}` is not known\n{USAGE}",
            [&[command], rest.as_slice()].concat().join(" ")
        ),
    }
}

/// The workspace's folder. Asked while it runs, because a compiled-in path would outlive a move.
fn root() -> anyhow::Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    let root = Path::new(&package)
        .parent()
        .context("xtask lies in the workspace's folder")?;
    Ok(root.to_owned())
}
