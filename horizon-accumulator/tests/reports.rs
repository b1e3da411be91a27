//! The commands that read the reports.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::reports::SiteTimeZone;
use horizon_core::{
    Day, Event, EventKind, Slug, Stamp, StatsStore as _, Timestamp, Topic, Visit, VisitCause, VisitorKey,
};
use horizon_sqlite::SqliteStore;

const DAY_MILLIS: i64 = 24 * 3_600 * 1_000;

/// A folder with a database.
struct ReportedSite {
    folder: tempfile::TempDir,
    /// The time of the newest event.
    now: Timestamp,
}

impl ReportedSite {
    fn new() -> Self {
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_millis();
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            now: Timestamp::from_millis(i64::try_from(millis).expect("a near year")),
        }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("horizon.db")
    }

    fn days_ago(&self, days: i64) -> Timestamp {
        Timestamp::from_millis(self.now.as_millis() - days * DAY_MILLIS)
    }

    /// Counts `count` readers of a page, one on each of the last days.
    async fn count(&self, store: &SqliteStore, page: &str, count: u8) {
        let page = Slug::new(page).expect("a slug");
        for number in 0..count {
            let at = self.days_ago(i64::from(count - 1 - number));
            let mut visit = Visit::of(Some(VisitorKey::from_u128(number.into())));
            visit.cause = Some(VisitCause::Open);
            let id = |kind: u8| {
                let mut random = [number; 10];
                random[0] = kind;
                random[1] = page.as_str().len().try_into().expect("a short slug");
                Stamp::new(at, random)
            };
            let of_page = Event::new(id(0), page.clone().into(), EventKind::Visit(visit.clone()));
            visit.page = Some(page.clone());
            let of_site = Event::new(id(1), Topic::Site, EventKind::Visit(visit));
            store.apply(&[of_page, of_site]).await.expect("the store counts");
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), arguments)
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_horizon-accumulator"))
        .args(arguments)
        .env_remove("HORIZON_BUS")
        .env_remove("HORIZON_PIPE")
        .env_remove("HORIZON_STORE")
        .env("RUST_LOG", "warn")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

#[tokio::test]
async fn a_report_is_read_beside_a_running_writer() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 3).await;
    site.count(&store, "bread", 2).await;
    let pages = site.run(&["report", "pages", "--last", "7d"]);
    assert_eq!((pages.status.code(), stderr(&pages)), (Some(0), ""));
    let lines: Vec<_> = stdout(&pages)
        .lines()
        .map(str::split_whitespace)
        .map(Vec::from_iter)
        .collect();
    assert_eq!(lines[3][..3], ["soup", "3", "3"], "{}", stdout(&pages));
    assert_eq!(lines[4][..3], ["bread", "2", "2"]);
    assert_eq!(lines[3].last(), Some(&"▁▁▁▁███"));

    site.count(&store, "stew-and-more", 4).await;
    let csv = site.run(&["report", "--metrics", "pageviews", "--by", "page", "--format", "csv"]);
    assert_eq!(stdout(&csv), "page,pageviews\nstew-and-more,4\nsoup,3\nbread,2\n");
    let filtered = site.run(&[
        "report",
        "-m",
        "visits",
        "-f",
        "page=soup",
        "--day",
        "today",
        "--format",
        "csv",
    ]);
    assert_eq!((stdout(&filtered), stderr(&filtered)), ("visits\n1\n", ""));
    let today = site.run(&["report", "today", "-m", "pageviews", "--format", "json"]);
    let today: serde_json::Value = serde_json::from_str(stdout(&today)).expect("JSON");
    assert_eq!(today["rows"][0]["pageviews"], 3, "{today}");
}

#[tokio::test]
async fn every_named_report_and_the_verification_work() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 3).await;
    for preset in [
        "overview",
        "days",
        "months",
        "sources",
        "countries",
        "events",
        "entry-pages",
    ] {
        let output = site.run(&["report", preset]);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{preset}");
    }
    let verified = site.run(&["verify"]);
    assert_eq!(
        (verified.status.code(), stderr(&verified)),
        (Some(0), ""),
        "{}",
        stdout(&verified)
    );
}

#[tokio::test]
async fn a_missing_an_older_and_a_foreign_file_are_refused_in_one_sentence_and_not_changed() {
    let site = ReportedSite::new();
    for command in ["report", "verify"] {
        let missing = site.run(&[command]);
        assert_eq!(missing.status.code(), Some(1));
        assert!(
            stderr(&missing).contains("there is no database horizon.db"),
            "{}",
            stderr(&missing)
        );
        assert!(!site.database().exists());
    }
    let expired = site.run(&["expire-sessions", "--older-than", "90d"]);
    assert!(stderr(&expired).contains("there is no database") && !site.database().exists());
    std::fs::write(site.database(), "a diary").expect("a file");
    let foreign = site.run(&["report"]);
    assert_eq!(
        (foreign.status.code(), stderr(&foreign).lines().count()),
        (Some(1), 1),
        "{}",
        stderr(&foreign)
    );
    assert_eq!(std::fs::read_to_string(site.database()).expect("the file"), "a diary");
    let memory = site.run(&["report", "--store", "memory:"]);
    assert!(
        stderr(&memory).contains("can only be read by its own process"),
        "{}",
        stderr(&memory)
    );
}

#[tokio::test]
async fn a_damaged_total_fails_the_verification() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 2).await;
    store.close().await.expect("the store closes");
    let db = rusqlite::Connection::open(site.database()).expect("a database");
    db.execute("UPDATE topics SET visits = visits + 5 WHERE name = 'blog:soup'", [])
        .expect("a table");
    drop(db);
    let output = site.run(&["verify"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("blog:soup"), "{}", stdout(&output));
    assert_eq!(stderr(&output), "horizon-accumulator: 1 number differs\n");
}

#[tokio::test]
async fn old_sessions_are_erased_by_command_after_a_dry_run() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 10).await;
    let expire = |arguments: &[&str]| {
        let output = site.run(&[&["expire-sessions"], arguments].concat());
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        stdout(&output).to_owned()
    };
    assert!(expire(&["--older-than", "90d"]).starts_with("0 sessions before "));
    for _ in 0..2 {
        let text = expire(&["--older-than", "5d", "--dry-run"]);
        assert!(
            text.starts_with("4 sessions before ") && text.ends_with("would be erased.\n"),
            "{text}"
        );
    }
    let kept: Day = SiteTimeZone::utc().day_of(site.days_ago(5));
    assert_eq!(
        expire(&["--before", &kept.to_string()]),
        format!("4 sessions before {kept} were erased.\n")
    );
    let gone = site.run(&["report", "-m", "visits", "-f", "entry_page=soup"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(stderr(&gone).contains(&kept.to_string()), "{}", stderr(&gone));
    let pages = site.run(&["report", "pages"]);
    assert!(
        stdout(&pages).contains(&format!("The sessions before {kept} are erased")),
        "{}",
        stdout(&pages)
    );
}

#[tokio::test]
async fn what_is_typed_wrong_is_named_and_what_the_store_refuses_is_one_sentence() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 1).await;
    for (arguments, code, text) in [
        (
            &["report", "-m", "happiness"][..],
            2,
            "unknown metric; use one of visitors",
        ),
        (&["report", "--by", "mood"], 2, "unknown dimension; use one of hour"),
        (&["report", "-f", "page"], 2, "a filter is a dimension"),
        (&["report", "--last", "soon"], 2, "a period is"),
        (&["report", "--day", "today", "--last", "7d"], 2, "cannot be used with"),
        (&["expire-sessions"], 2, "--before"),
        (
            &["report", "-m", "likes", "--by", "country"],
            1,
            "`likes` cannot be grouped by `country`",
        ),
        (
            &["report", "--from", "2026-02-02", "--to", "2026-02-01"],
            1,
            "the first day is after the last day",
        ),
    ] {
        let output = site.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(text), "{arguments:?}: {}", stderr(&output));
        assert!(code == 2 || stderr(&output).lines().count() == 1, "{}", stderr(&output));
    }
}

#[tokio::test]
async fn an_accumulator_with_another_time_zone_refuses_to_count() {
    let site = ReportedSite::new();
    let store = SqliteStore::open(site.database()).expect("the store opens");
    site.count(&store, "soup", 1).await;
    let output = site.run(&["--timezone", "Europe/Berlin"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    for part in ["is Europe/Berlin", "time zone UTC", "HORIZON_TIMEZONE"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(site.run(&[]).status.success());
}
