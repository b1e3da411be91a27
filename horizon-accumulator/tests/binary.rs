//! Counting lines with the program.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, Timestamp, Topic};

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_horizon-accumulator"))
        .args(arguments)
        .env_remove("HORIZON_BUS")
        .env_remove("HORIZON_PIPE")
        .env_remove("HORIZON_STORE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A process that refuses its arguments does not read its input.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        "BUS",
        "PIPE",
        "STORE",
        "ADDR",
        "NODE",
        "REDIS_MAY_LOSE_DATA",
        "TIMEZONE",
        "SESSION_RETENTION",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_horizon-accumulator"))
        .envs(variables.map(|name| (format!("HORIZON_{name}"), "")))
        .env("RUST_LOG", "")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        folder.path().join("horizon.db").is_file(),
        "the default of HORIZON_STORE"
    );
}

fn count(folder: &Path, input: &str) -> Output {
    let store = format!("sqlite:{}", folder.join("horizon.db").display());
    run(&["--bus", "stdin:", "--store", &store], input)
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

fn now() -> i64 {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_millis();
    i64::try_from(millis).expect("before the year 292 million")
}

/// Three events on two topics.
fn events() -> String {
    let at = Timestamp::from_millis(now());
    let page: Topic = Slug::new("hello").expect("a slug").into();
    let reader = ReaderId::from_u128(7);
    let kinds = [
        (Topic::Site, EventKind::visit(None)),
        (page.clone(), EventKind::visit(None)),
        (page, EventKind::Like { reader }),
    ];
    let lines = kinds.into_iter().zip(1..).map(|((topic, kind), number)| {
        let event = Event::new(Stamp::new(at, [number; 10]), topic, kind);
        serde_json::to_string(&event).expect("an event is JSON") + "\n"
    });
    lines.collect()
}

const TOTALS: &str = r#"{"topic":"site","stats":{"visits":1,"likes":0,"comments":0,"comments_revision":0},"revision":1}
{"topic":"blog:hello","stats":{"visits":1,"likes":1,"comments":0,"comments_revision":0},"revision":1}
"#;

#[test]
fn the_same_file_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let events = events();
    for _ in 0..2 {
        let output = count(folder.path(), &events);
        assert_eq!((stdout(&output), stderr(&output)), (TOTALS, ""));
        assert!(output.status.success());
    }
}

#[test]
fn two_processes_at_the_same_time_count_each_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let events = events();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(count(folder.path(), &events).status.success()));
        }
    });
    assert_eq!(stdout(&count(folder.path(), &events)), TOTALS);
}

#[test]
fn events_of_the_last_version_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let events = include_str!("events-of-0.1.jsonl").replace("AT", &now().to_string());
    let output = count(folder.path(), &events);
    let totals =
        r#"{"topic":"blog:hello","stats":{"visits":1,"likes":1,"comments":2,"comments_revision":2},"revision":1}"#;
    assert_eq!(stderr(&output), "");
    assert!(
        stdout(&output).lines().any(|line| line == totals),
        "{}",
        stdout(&output)
    );
}

#[test]
fn an_invalid_line_is_reported_and_fails_the_run_and_the_others_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let output = count(folder.path(), &format!("not an event\n{}", events()));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), TOTALS);
    assert!(
        stderr(&output).starts_with("line 1: expected ident (column 2)\n"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_bus_in_memory_is_refused_in_one_sentence() {
    let output = run(&["--bus", "memory:"], "");
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(
        text.contains("HORIZON_BUS is wrong: a bus in memory is only for one process"),
        "{text}"
    );
}

#[test]
fn the_old_name_of_the_bus_works_unless_it_contradicts_the_new_one() {
    for arguments in [
        &["--pipe", "stdin:", "--store", "memory:"][..],
        &["--pipe", "stdin:", "--bus", "stdin:", "--store", "memory:"],
    ] {
        assert!(run(arguments, "").status.success());
    }
    let output = run(&["--pipe", "stdin:", "--bus", "redis://127.0.0.1"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("HORIZON_BUS is wrong: it differs from HORIZON_PIPE"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_store_that_cannot_be_opened_fails_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let output = count(&folder.path().join("missing"), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("missing/horizon.db"), "{}", stderr(&output));
}
