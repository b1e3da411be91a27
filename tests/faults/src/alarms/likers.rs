//! Readers who like a page once each, and remember who was answered.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use horizon_test_support::{Seed, http};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::stage::SLUGS;

/// How long a reader waits for the answer to a like.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How many readers in a row wait in vain for an answer before no more come.
const IN_VAIN: u32 = 3;

/// How long a reader waits before the next like.
const THINKS: Duration = Duration::from_millis(5);

/// How often the number of a page is asked for.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// How soon what is acknowledged has to be counted where nothing stands in the way.
pub(crate) const COUNTED_WITHIN: Duration = Duration::from_secs(15);

/// The page that is liked.
pub(crate) const PAGE: &str = SLUGS[0];

/// Readers in front of some web nodes, each from a network of its own.
pub(crate) struct Likers {
    webs: Vec<SocketAddr>,
    dice: Seed,
    sent: u64,
    acknowledged: u64,
    /// The ids of likes without an acknowledgement. Each may be counted or not.
    unsure: Vec<String>,
    last_refusal: String,
    /// How many of the last requests waited in vain for an answer.
    unanswered: u32,
}

impl Likers {
    pub(crate) fn new(webs: Vec<SocketAddr>, dice: Seed) -> Self {
        Self {
            webs,
            dice,
            sent: 0,
            acknowledged: 0,
            unsure: Vec::new(),
            last_refusal: String::new(),
            unanswered: 0,
        }
    }

    /// How many likes were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many likes may be counted although nobody said so.
    pub(crate) fn unsure(&self) -> u64 {
        self.unsure.len() as u64
    }

    /// What the last reader heard whose like was not acknowledged.
    pub(crate) fn last_refusal(&self) -> &str {
        &self.last_refusal
    }

    /// One reader likes. Returns whether that is acknowledged.
    pub(crate) async fn like(&mut self) -> bool {
        let id = format!("{:016x}{:016x}", self.dice.next(), self.dice.next());
        let taken = self.send(&id).await;
        if !taken {
            self.unsure.push(id);
        }
        taken
    }

    /// So many readers like, or fewer if several in a row wait in vain for an answer. Returns how many are
    /// acknowledged.
    pub(crate) async fn likes(&mut self, count: u64) -> u64 {
        let before = self.acknowledged;
        for _ in 0..count {
            self.like().await;
            if self.unanswered >= IN_VAIN {
                break;
            }
        }
        self.acknowledged - before
    }

    /// One reader after the other likes until `enough` says so.
    pub(crate) async fn like_until(&mut self, enough: impl Fn() -> bool) {
        while !enough() {
            self.like().await;
            sleep(THINKS).await;
        }
    }

    /// Likes until one is refused or not answered. Returns whether that came in time.
    pub(crate) async fn like_until_refused(&mut self, within: Duration) -> bool {
        let give_up = Instant::now() + within;
        while Instant::now() < give_up {
            if !self.like().await {
                return true;
            }
            sleep(THINKS).await;
        }
        false
    }

    /// Sends the likes again that were not acknowledged, with the same ids, until all are. Returns whether they are.
    pub(crate) async fn settle(&mut self, within: Duration) -> bool {
        let give_up = Instant::now() + within;
        while let Some(id) = self.unsure.last().cloned() {
            if self.send(&id).await {
                self.unsure.pop();
            } else if Instant::now() > give_up {
                return false;
            } else {
                sleep(ASK_EVERY).await;
            }
        }
        true
    }

    async fn send(&mut self, id: &str) -> bool {
        let Some(web) = self.next_web() else { return false };
        self.sent += 1;
        let network = format!("10.{}.{}.1", self.sent / 256 % 256, self.sent % 256);
        let headers = [("idempotency-key", id), ("x-forwarded-for", network.as_str())];
        let path = format!("/horizon/likes/{PAGE}");
        let answer = timeout(ANSWER_WITHIN, http::send(web, http::Method::PUT, &path, &headers, ""));
        let answer = answer.await;
        self.unanswered = if answer.is_err() { self.unanswered + 1 } else { 0 };
        match answer {
            Ok(Ok(answer)) if answer.status == 200 => {
                self.acknowledged += 1;
                return true;
            }
            Ok(Ok(answer)) => self.last_refusal = format!("{} {}", answer.status, answer.text().trim()),
            Ok(Err(error)) => self.last_refusal = format!("{error:#}"),
            Err(_) => self.last_refusal = format!("no answer within {ANSWER_WITHIN:?}"),
        }
        false
    }

    fn next_web(&mut self) -> Option<SocketAddr> {
        let place = self.dice.between(0, self.webs.len() as u64);
        self.webs.get(usize::try_from(place).ok()?).copied()
    }

    /// Waits until a web node shows what was acknowledged, counted from `base`. Returns what it shows then or at last.
    pub(crate) async fn counted_at(&self, web: SocketAddr, base: u64, within: Duration) -> anyhow::Result<u64> {
        let least = base + self.acknowledged;
        let give_up = Instant::now() + within;
        loop {
            let shown = likes_at(web).await;
            match shown {
                Ok(shown) if shown >= least => return Ok(shown),
                _ if Instant::now() > give_up => return shown,
                _ => sleep(ASK_EVERY).await,
            }
        }
    }

    /// Says how what is counted differs from what was acknowledged, if it does.
    pub(crate) fn difference(&self, counted: u64) -> Option<String> {
        let (least, most) = (self.acknowledged, self.acknowledged + self.unsure());
        let text = |kind: &str| format!("{least} likes were acknowledged, {counted} are counted: {kind}");
        if counted < least {
            Some(text(&format!("{} are lost", least - counted)))
        } else if counted > most {
            Some(text(&format!("{} are too many", counted - most)))
        } else {
            None
        }
    }
}

/// How many likes a web node says that the page has.
pub(crate) async fn likes_at(web: SocketAddr) -> anyhow::Result<u64> {
    let path = format!("/horizon/stats/{PAGE}");
    let answer = timeout(ANSWER_WITHIN, http::get(web, &path)).await;
    let numbers = answer.context("the numbers of the page do not come")??.json()?;
    let likes = numbers.get("likes").and_then(Value::as_u64);
    likes.with_context(|| format!("{numbers} has no likes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_acknowledged_may_be_counted_or_not() {
        let mut likers = Likers::new(Vec::new(), Seed::new(1));
        likers.acknowledged = 5;
        likers.unsure = vec!["one".into(), "two".into()];
        assert_eq!([5, 6, 7].map(|counted| likers.difference(counted)), [None, None, None]);
        assert!(likers.difference(4).unwrap().ends_with("1 are lost"));
        assert!(likers.difference(8).unwrap().ends_with("1 are too many"));
    }
}
