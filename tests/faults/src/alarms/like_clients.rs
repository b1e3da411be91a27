//! Clients that like a page, and record which likes were acknowledged.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use fastrand::Rng;
use horizon_test_support::http;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::{NO_VISIT, SLUGS};

/// The longest wait for the response to a like.
const RESPONSE_WITHIN: Duration = Duration::from_secs(5);

/// The maximum number of consecutive likes without a response before no more are sent.
const MAX_UNANSWERED: u32 = 3;

/// The time between two likes.
const LIKE_INTERVAL: Duration = Duration::from_millis(5);

/// The time between two reads of a total.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The longest time to count acknowledged likes without a fault.
pub(crate) const COUNTED_WITHIN: Duration = Duration::from_secs(15);

/// The liked page.
pub(crate) const PAGE: &str = SLUGS[0];

/// Clients of some web nodes, each like from another network.
pub(crate) struct LikeClients {
    webs: Vec<SocketAddr>,
    rng: Rng,
    sent: u64,
    acknowledged: u64,
    /// The ids of likes without an acknowledgement. Each may or may not be counted.
    unsure: Vec<String>,
    last_error: String,
    /// Retries have a new id, which is a defect.
    has_new_ids: bool,
    /// The number of consecutive requests without a response.
    unanswered: u32,
}

impl LikeClients {
    pub(crate) fn new(webs: Vec<SocketAddr>, rng: Rng) -> Self {
        Self {
            webs,
            rng,
            sent: 0,
            acknowledged: 0,
            unsure: Vec::new(),
            last_error: String::new(),
            has_new_ids: false,
            unanswered: 0,
        }
    }

    /// Retries with new ids, as clients with this defect do.
    pub(crate) fn with_new_ids(mut self) -> Self {
        self.has_new_ids = true;
        self
    }

    /// Returns the number of acknowledged likes.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Returns the number of likes without an acknowledgement, which may be counted.
    pub(crate) fn unsure(&self) -> u64 {
        self.unsure.len() as u64
    }

    /// Returns the error of the last rejected like.
    pub(crate) fn last_error(&self) -> &str {
        &self.last_error
    }

    /// Likes as a new reader. Returns whether the like was acknowledged.
    pub(crate) async fn like(&mut self) -> bool {
        let id = self.new_id();
        let taken = self.send(&id).await;
        if !taken {
            self.unsure.push(id);
        }
        taken
    }

    /// Sends `count` likes, or fewer if several in a row get no response. Returns how many are acknowledged.
    pub(crate) async fn likes(&mut self, count: u64) -> u64 {
        let before = self.acknowledged;
        for _ in 0..count {
            self.like().await;
            if self.unanswered >= MAX_UNANSWERED {
                break;
            }
        }
        self.acknowledged - before
    }

    /// Sends likes until `stop` returns true.
    pub(crate) async fn like_until(&mut self, stop: impl Fn() -> bool) {
        while !stop() {
            self.like().await;
            sleep(LIKE_INTERVAL).await;
        }
    }

    /// Sends likes until one is not acknowledged. Returns whether that happened in time.
    pub(crate) async fn like_until_refused(&mut self, within: Duration) -> bool {
        let give_up = Instant::now() + within;
        while Instant::now() < give_up {
            if !self.like().await {
                return true;
            }
            sleep(LIKE_INTERVAL).await;
        }
        false
    }

    /// Retries all likes without an acknowledgement, with the same ids. Returns whether all are acknowledged in time.
    pub(crate) async fn retry_all(&mut self, within: Duration) -> bool {
        let give_up = Instant::now() + within;
        while let Some(mut id) = self.unsure.last().cloned() {
            if self.has_new_ids {
                id = self.new_id();
            }
            if self.send(&id).await {
                self.unsure.pop();
            } else if Instant::now() > give_up {
                return false;
            } else {
                sleep(POLL_INTERVAL).await;
            }
        }
        true
    }

    fn new_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..))
    }

    async fn send(&mut self, id: &str) -> bool {
        let Some(web) = self.next_web() else { return false };
        self.sent += 1;
        let network = format!("10.{}.{}.1", self.sent / 256 % 256, self.sent % 256);
        let headers = [("idempotency-key", id), ("x-forwarded-for", network.as_str()), NO_VISIT];
        let path = format!("/horizon/likes/{PAGE}");
        let answer = timeout(RESPONSE_WITHIN, http::send(web, http::Method::PUT, &path, &headers, ""));
        let answer = answer.await;
        self.unanswered = if answer.is_err() { self.unanswered + 1 } else { 0 };
        match answer {
            Ok(Ok(answer)) if answer.status == 200 => {
                self.acknowledged += 1;
                return true;
            }
            Ok(Ok(answer)) => self.last_error = format!("{} {}", answer.status, answer.text().trim()),
            Ok(Err(error)) => self.last_error = format!("{error:#}"),
            Err(_) => self.last_error = format!("no response within {RESPONSE_WITHIN:?}"),
        }
        false
    }

    fn next_web(&mut self) -> Option<SocketAddr> {
        let place = self.rng.u64(0..self.webs.len() as u64);
        self.webs.get(usize::try_from(place).ok()?).copied()
    }

    /// Waits until a web node shows all acknowledged likes in addition to `base`. Returns the last shown number.
    pub(crate) async fn counted_at(&self, web: SocketAddr, base: u64, within: Duration) -> anyhow::Result<u64> {
        let least = base + self.acknowledged;
        let give_up = Instant::now() + within;
        loop {
            let shown = likes_at(web).await;
            match shown {
                Ok(shown) if shown >= least => return Ok(shown),
                _ if Instant::now() > give_up => return shown,
                _ => sleep(POLL_INTERVAL).await,
            }
        }
    }

    /// Returns a description of the difference between acknowledged and counted likes, if any.
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

/// Returns the number of likes that a web node shows.
pub(crate) async fn likes_at(web: SocketAddr) -> anyhow::Result<u64> {
    let path = format!("/horizon/stats/{PAGE}");
    let answer = timeout(RESPONSE_WITHIN, http::get(web, &path)).await;
    let numbers = answer.context("no stats of the page in time")??.json()?;
    let likes = numbers.get("likes").and_then(Value::as_u64);
    likes.with_context(|| format!("{numbers} has no likes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_like_without_acknowledgement_may_be_counted_or_not() {
        let mut clients = LikeClients::new(Vec::new(), Rng::with_seed(1));
        clients.acknowledged = 5;
        clients.unsure = vec!["one".into(), "two".into()];
        assert_eq!([5, 6, 7].map(|counted| clients.difference(counted)), [None, None, None]);
        assert!(clients.difference(4).unwrap().ends_with("1 are lost"));
        assert!(clients.difference(8).unwrap().ends_with("1 are too many"));
    }
}
