//! The cached answers, in virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use tokio::time::{advance, sleep};

use super::{
    page_answers::{MAX_ANSWERS, NO_LIFETIME, YES_LIFETIME},
    *,
};

/// Counts its questions, and has one page.
#[derive(Default)]
struct CountedPages {
    questions: AtomicUsize,
}

impl CountedPages {
    async fn has(&self, slug: &Slug) -> Result<bool, RuleError> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        Ok(slug.as_str() == "bread")
    }

    fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_asked_for_again_when_it_expires() {
    for (name, lifetime) in [("bread", YES_LIFETIME), ("stew", NO_LIFETIME)] {
        let (answers, database) = (PageAnswers::new(), CountedPages::default());
        let slug = slug(name);
        for questions in 1..4 {
            for _ in 0..100 {
                let exists = answers.get_or_ask(&slug, database.has(&slug)).await;
                assert_eq!(exists.unwrap(), name == "bread");
            }
            assert_eq!(
                (database.questions(), answers.get(&slug)),
                (questions, Some(name == "bread"))
            );
            advance(lifetime - Duration::from_millis(1)).await;
            assert!(answers.get(&slug).is_some());
            advance(Duration::from_millis(1)).await;
            assert!(answers.get(&slug).is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_unknown_slugs_use_bounded_memory_and_keep_the_answers_in_use() {
    let (answers, database) = (PageAnswers::new(), CountedPages::default());
    let bread = slug("bread");
    for number in 0..100_000 {
        if number % 1_000 == 0 {
            assert!(answers.get_or_ask(&bread, database.has(&bread)).await.unwrap());
        }
        let unknown = slug(&format!("unknown-{number}"));
        assert!(!answers.get_or_ask(&unknown, database.has(&unknown)).await.unwrap());
    }
    assert!(answers.len() <= MAX_ANSWERS, "{}", answers.len());
    assert_eq!(database.questions(), 100_001, "`bread` was evicted");
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_for_a_slug_ask_once() {
    let (answers, database) = (PageAnswers::new(), CountedPages::default());
    let bread = slug("bread");
    let slow = async || {
        let asked = async {
            sleep(Duration::from_secs(1)).await;
            database.has(&bread).await
        };
        answers.get_or_ask(&bread, asked).await.unwrap()
    };
    assert!(join_all((0..50).map(|_| slow())).await.into_iter().all(|exists| exists));
    assert_eq!(database.questions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_or_abandoned_question_is_asked_again() {
    let (answers, database) = (PageAnswers::new(), CountedPages::default());
    let bread = slug("bread");
    let failed = answers.get_or_ask(&bread, async { Err(RuleError::new("no connection")) });
    assert_eq!(failed.await.unwrap_err().to_string(), "no connection");
    let hanging = answers.get_or_ask(&bread, std::future::pending());
    let second = async {
        sleep(Duration::from_secs(1)).await;
        answers.get_or_ask(&bread, database.has(&bread)).await
    };
    let (hanging, second) = tokio::join!(within(rule_deadline(), hanging), second);
    assert_eq!(hanging.unwrap_err().to_string(), "it did not respond in time");
    assert!(second.unwrap());
    assert_eq!(database.questions(), 1);
}
