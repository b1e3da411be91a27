//! A broken standard error does not affect counting.

use std::fs::File;
use std::io::{self, Write as _};
use std::process::Stdio;

use horizon_core::EventBus;
use horizon_redis::testing::RedisServer;

use crate::accumulator::{AccumulatorProcess, visit, wait_until};
use crate::counts::{bus, stored_visits};

/// The capacity of a pipe on Linux, in bytes.
const PIPE_BYTES: usize = 65_536;

/// Events between two reads of the metrics.
const BATCHES: usize = 100;

/// Counts events with this standard error until a dropped log line is counted, and then stops.
async fn counts_with(standard_error: impl Into<Stdio>, reason: &str) {
    counts_after(standard_error, |_| (), reason).await;
}

/// The same after a change to the running accumulator.
async fn counts_after(standard_error: impl Into<Stdio>, happens: impl FnOnce(&AccumulatorProcess), reason: &str) {
    let redis = RedisServer::start(&[]).await.unwrap();
    let settings = [("HORIZON_BUS", &*redis.url()), ("RUST_LOG", "trace")];
    let one = AccumulatorProcess::start_with(&settings, standard_error).await;
    one.wait_for_readyz(200).await;
    happens(&one);
    let bus = bus(&redis);
    let dropped = format!("horizon_log_lines_dropped_total{{reason=\"{reason}\"}}");
    let mut tracked = 0;
    wait_until("dropped lines are counted", async || {
        // One by one, because each batch is a log line.
        for _ in 0..BATCHES {
            bus.track(visit(tracked)).await.unwrap();
            tracked += 1;
        }
        assert_eq!(one.get("/healthz").await.0, 200);
        one.metric(&dropped).await > 0
    })
    .await;
    wait_until("all is counted", async || stored_visits(&redis).await == tracked).await;
    one.wait_for_readyz(200).await;
    let (status, _, _) = one.stop().await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_full_disk_under_the_log_stops_nothing() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    counts_with(full, "write_error").await;
}

#[tokio::test]
async fn a_log_file_that_reaches_the_size_limit_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let limit = |one: &AccumulatorProcess| {
        let pid = one.process().id().unwrap().to_string();
        let done = std::process::Command::new("prlimit")
            .args(["--pid", &pid, "--fsize=1"])
            .status();
        assert!(done.unwrap().success(), "prlimit (Debian: util-linux) sets the limit");
    };
    counts_after(log, limit, "write_error").await;
}

#[tokio::test]
async fn the_server_survives_a_closed_log_pipe() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    counts_with(writer, "write_error").await;
}

#[tokio::test]
async fn a_log_that_is_not_read_stops_nothing() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(&[b'\n'; PIPE_BYTES]).unwrap();
    counts_with(writer, "overflow").await;
    drop(reader);
}

#[tokio::test]
async fn a_standard_output_that_fails_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let settings = [("HORIZON_BUS", "redis://127.0.0.1:1"), ("HORIZON_STORE", "memory:")];
    let mut command = crate::accumulator::program(&settings);
    let mut child = command
        .stdout(full)
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait_until("the log has the address", async || {
        let log = std::fs::read_to_string(&log).unwrap();
        log.contains("cannot write to standard output: The accumulator is at http://127.0.0.1:")
    })
    .await;
    assert!(child.try_wait().unwrap().is_none(), "it continues");
}
