//! A program whose background task panics ends with one line on standard error and a non-zero exit code.
//!
//! Each test starts itself again as the program.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up fails")]

use std::env;
use std::future::pending;
use std::num::NonZeroUsize;
use std::process::{Command, ExitCode, Output, exit};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_backend::{Health, run_accumulator};
use horizon_core::{AckToken, Batch, EventConsumer, Update};
use horizon_memory::MemoryStore;

/// Set in the process that runs the program.
const PROGRAM: &str = "HORIZON_TEST_PROGRAM";

/// How long the program may take to end.
const END_WAIT: Duration = Duration::from_secs(10);

/// An adapter with a bug.
struct PanickingConsumer;

#[async_trait]
impl EventConsumer for PanickingConsumer {
    async fn next_batch(&mut self, _: NonZeroUsize) -> horizon_core::Result<Batch> {
        panic!("a bug\nin a consumer")
    }

    async fn publish(&mut self, _: &[Update]) -> horizon_core::Result<()> {
        Ok(())
    }

    async fn acknowledge(&mut self, _: AckToken) -> horizon_core::Result<()> {
        Ok(())
    }
}

/// Runs the program, in another process.
fn run_in_process(test: &str, program: impl Future<Output = Result<(), String>>) -> Output {
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

fn stderr_lines(output: &Output) -> Vec<&str> {
    str::from_utf8(&output.stderr).unwrap().lines().collect()
}

#[test]
fn a_program_whose_accumulator_panicked_ends_with_a_line_and_a_code() {
    let output = run_in_process(
        "a_program_whose_accumulator_panicked_ends_with_a_line_and_a_code",
        async {
            let health = Health::default();
            let counting = run_accumulator(
                PanickingConsumer,
                Arc::new(MemoryStore::new()),
                horizon_backend::now,
                pending(),
            );
            tokio::spawn(health.supervise("counting", counting));
            Err(health.wait_for_panic().await)
        },
    );
    assert_eq!(output.status.code(), Some(3));
    let [panic, last] = stderr_lines(&output)[..] else {
        panic!("{:?}", stderr_lines(&output))
    };
    assert!(
        panic.contains("panicked at ") && panic.ends_with(": a bug\\nin a consumer"),
        "{panic}"
    );
    assert!(panic.contains("panics.rs:"), "{panic}");
    let sentence = "counter: the background task `counting` panicked: a bug in a consumer; restart the process";
    assert_eq!(last, sentence);
}

#[test]
fn a_program_that_panics_itself_ends_with_a_line_and_a_code() {
    let output = run_in_process("a_program_that_panics_itself_ends_with_a_line_and_a_code", async {
        panic!("a bug")
    });
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stderr_lines(&output).last(), Some(&"counter: it panicked: a bug"));
}
