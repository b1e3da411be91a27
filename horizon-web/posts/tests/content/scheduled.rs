//! A scheduled post is public from its time on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use horizon_core::Timestamp;
use horizon_posts::{ContentOptions, LONGEST_SLEEP, Library, atom, rss, sitemap, watch};
use tokio::time::{Instant, timeout};

use crate::folder::{Folder, at, options, site};

/// Longer than any wait in these tests, in virtual time.
const PATIENCE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn folder() -> Folder {
    let folder = Folder::new();
    folder
        .post("old", "2026-11-23", "")
        .write(
            "next.md",
            "---\ntitle: Next\ndate: 2026-12-24T18:00:00+01:00\ntags: [secret]\n---\n",
        )
        .write("pages/party.md", "---\ntitle: Party\ndate: 2026-12-31\n---\n");
    folder
}

#[test]
fn a_post_is_in_no_list_and_no_feed_before_its_time() {
    let content = folder().content();
    let library = content.library(at("2026-12-24T16:59:59Z"));
    assert!(library.post("next").is_none() && library.page("party").is_none() && library.tagged("secret").is_none());
    assert_eq!(library.posts().len(), 1);
    assert!(library.posts().len() == 1 && library.neighbours("old").1.is_none());
    let documents = [
        atom(&library, &site()),
        rss(&library, &site()),
        sitemap(&library, &site()),
    ];
    for document in documents {
        assert!(
            !document.contains("next") && !document.contains("2026-12"),
            "{document}"
        );
    }
    let waiting: Vec<_> = library
        .scheduled()
        .iter()
        .map(|w| (w.title.as_str(), w.until.rfc3339()))
        .collect();
    assert_eq!(
        waiting,
        [
            ("Next", "2026-12-24T18:00:00+01:00".to_owned()),
            ("Party", "2026-12-31T00:00:00Z".to_owned())
        ]
    );
    assert!(library.scheduled()[0].path.ends_with("next.md"));
}

#[test]
fn a_post_is_public_from_its_time_on_and_a_day_starts_at_midnight_utc() {
    let content = folder().content();
    assert!(content.library(at("2026-12-24T17:00:00Z")).post("next").is_some());
    assert!(content.library(at("2026-12-30T23:59:59Z")).page("party").is_none());
    let all = content.library(at("2026-12-31"));
    assert!(all.page("party").is_some() && all.scheduled().is_empty());
}

#[test]
fn a_second_date_can_only_delay_a_post() {
    let folder = Folder::new();
    folder
        .write(
            "a.md",
            "---\ntitle: a\ndate: 2026-11-23\npublishDate: 2026-12-01\n---\n",
        )
        .write("b.md", "---\ntitle: b\ndate: 2026-12-01\npublished: 2026-11-23\n---\n")
        .write("c.md", "---\ntitle: c\ndate: 2099-12-01\nexpiryDate: 2026-11-23\n---\n")
        .write("d.md", "---\ntitle: d\ndate: 2026-12-02\nstatus: scheduled\n---\n");
    let content = folder.content();
    assert!(content.library(at("2026-11-30")).posts().is_empty());
    assert_eq!(content.library(at("2026-12-01")).posts().len(), 2);
    assert_eq!(content.library(at("2026-12-02")).posts().len(), 3);
    let waiting = content.library(at("2026-11-30"));
    assert_eq!(waiting.scheduled().len(), 3, "what ends before it begins never comes");
}

#[test]
fn an_update_in_the_future_is_not_shown_before_its_time() {
    let folder = Folder::new();
    folder.write("x.md", "---\ntitle: x\ndate: 2026-11-23\nupdated: 2099-01-01\n---\n");
    let content = folder.content();
    let library = content.library(at("2026-12-01"));
    assert_eq!(library.post("x").unwrap().updated, None);
    assert!(!atom(&library, &site()).contains("2099"));
    let later = content.library(at("2099-01-01"));
    assert!(later.post("x").unwrap().updated.is_some());
}

#[test]
fn with_drafts_scheduled_posts_are_shown() {
    let folder = folder();
    let options = ContentOptions {
        drafts: true,
        ..options()
    };
    let library = Library::load(folder.path(), &options, at("2026-12-01"));
    assert!(library.post("next").is_some_and(|post| post.draft) && library.scheduled().is_empty());
    for document in [
        atom(&library, &site()),
        rss(&library, &site()),
        sitemap(&library, &site()),
    ] {
        assert!(!document.contains("/next") && document.contains("/old"), "{document}");
    }
}

/// A clock that follows tokio's (paused) time and can be set.
#[derive(Clone)]
struct TestClock {
    start: Instant,
    ahead: Arc<AtomicI64>,
}

impl TestClock {
    fn at(date: &str) -> Self {
        Self {
            start: Instant::now(),
            ahead: Arc::new(AtomicI64::new(at(date).as_millis())),
        }
    }

    fn now(&self) -> Timestamp {
        let gone = i64::try_from(self.start.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(self.ahead.load(Ordering::SeqCst) + gone)
    }

    fn set_forward(&self, by: Duration) {
        self.ahead
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_post_is_shown_at_its_time() {
    let folder = folder();
    let clock = TestClock::at("2026-12-24T10:00:00Z");
    let now = clock.clone();
    let (mut latest, run) = watch(folder.content(), move || now.now(), std::future::pending()).unwrap();
    assert!(latest.borrow_and_update().post("next").is_none());
    let task = tokio::spawn(run);
    timeout(PATIENCE, latest.changed()).await.unwrap().unwrap();
    assert_eq!(clock.now(), at("2026-12-24T17:00:00Z"), "not a moment earlier or later");
    assert!(latest.borrow_and_update().post("next").is_some());
    timeout(PATIENCE, latest.changed()).await.unwrap().unwrap();
    assert_eq!(clock.now(), at("2026-12-31"));
    assert!(latest.borrow_and_update().page("party").is_some());
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_clock_jump_is_detected_within_the_longest_sleep() {
    let folder = folder();
    let clock = TestClock::at("2026-12-01");
    let now = clock.clone();
    let (mut latest, run) = watch(folder.content(), move || now.now(), std::future::pending()).unwrap();
    let task = tokio::spawn(run);
    // The loop sleeps for at most a minute, and this is in the middle of a sleep.
    tokio::time::sleep(LONGEST_SLEEP * 5 / 2).await;
    let start = Instant::now();
    clock.set_forward(at("2026-12-25").since(at("2026-12-01")));
    timeout(PATIENCE, latest.wait_for(|library| library.post("next").is_some()))
        .await
        .unwrap()
        .unwrap();
    assert!(start.elapsed() <= LONGEST_SLEEP, "{:?}", start.elapsed());
    task.abort();
}
