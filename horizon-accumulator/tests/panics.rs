//! A program whose background task panics ends by itself: one clear line, and a code that is not zero.
//!
//! A test here starts itself once more as a process, which is the program.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up fails")]

use std::env;
use std::future::pending;
use std::num::NonZeroUsize;
use std::process::{Command, ExitCode, Output, exit};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_backend::run_accumulator;
use horizon_backend::{self, Health};
use horizon_core::{AckToken, Batch, EventConsumer, Result, Update};
use horizon_memory::MemoryStats;

/// Is set for the process that plays the program.
const PROGRAM: &str = "HORIZON_TEST_PROGRAM";

/// How long what is queued for the log may hold up the end.
const END_WAIT: Duration = Duration::from_secs(10);

/// An adapter with a bug.
struct Broken;

#[async_trait]
impl EventConsumer for Broken {
    async fn next_batch(&mut self, _: NonZeroUsize) -> Result<Batch> {
        panic!("a bug\nin a feed")
    }

    async fn publish(&mut self, _: &[Update]) -> Result<()> {
        Ok(())
    }

    async fn acknowledge(&mut self, _: AckToken) -> Result<()> {
        Ok(())
    }
}

/// In the process that plays the program: runs it and ends. Otherwise: starts that process for the same test.
fn played(test: &str, program: impl Future<Output = anyhow::Result<()>>) -> Output {
    if env::var_os(PROGRAM).is_some() {
        let log = horizon_backend::start_log();
        let code = horizon_backend::run_program("counter", program);
        drop(log);
        exit(if code == ExitCode::SUCCESS { 0 } else { 3 });
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    let started = std::time::Instant::now();
    let output = command
        .env(PROGRAM, "1")
        .env("RUST_LOG", "off")
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    assert!(started.elapsed() < END_WAIT);
    output
}

fn said(output: &Output) -> Vec<&str> {
    str::from_utf8(&output.stderr).unwrap().lines().collect()
}

#[test]
fn a_program_whose_accumulator_panicked_ends_with_a_line_and_a_code() {
    let output = played(
        "a_program_whose_accumulator_panicked_ends_with_a_line_and_a_code",
        async {
            let health = Health::default();
            let counting = run_accumulator(Broken, Arc::new(MemoryStats::new()), horizon_backend::now, pending());
            tokio::spawn(health.supervise("counting", counting));
            anyhow::bail!(health.panicked().await)
        },
    );
    assert_eq!(output.status.code(), Some(3));
    let [panic, last] = said(&output)[..] else {
        panic!("{:?}", said(&output))
    };
    assert!(
        panic.contains("panicked at ") && panic.ends_with(": a bug\\nin a feed"),
        "{panic}"
    );
    assert!(panic.contains("panics.rs:"), "{panic}");
    let sentence = "counter: the background task `counting` panicked: a bug in a feed; restart the process";
    assert_eq!(last, sentence);
}

#[test]
fn a_program_that_panics_itself_ends_with_a_line_and_a_code() {
    let output = played("a_program_that_panics_itself_ends_with_a_line_and_a_code", async {
        panic!("a bug")
    });
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(said(&output).last(), Some(&"counter: it panicked: a bug"));
}
