//! Clients that write over HTTP to any web node, and retry until they succeed.

use std::{net::SocketAddr, time::Duration};

use anyhow::{bail, ensure};
use fastrand::Rng;
use futures::future::try_join_all;
use horizon_core::{Slug, Topic};
use horizon_test_support::http;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{ack_log::AckLog, cluster::NO_VISIT, counts::PageTotals};

/// The time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The longest time for all attempts. No fault lasts as long.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);

/// The longest time between two writes, in milliseconds.
const WRITE_INTERVAL: u64 = 20;

/// A client of all web nodes, as if behind a load balancer.
pub(crate) struct RetryingClient<'a> {
    webs: Vec<SocketAddr>,
    number: u64,
    /// The requests so far. Each comes from another network, so that no rate limit applies.
    sent: u64,
    rng: Rng,
    ack_log: &'a AckLog,
}

/// Runs `count` clients until the log is stopped.
pub(crate) async fn write(
    count: u64,
    webs: &[SocketAddr],
    slugs: &[Slug],
    rng: &mut Rng,
    ack_log: &AckLog,
) -> anyhow::Result<()> {
    let readers = (0..count).map(|number| {
        let reader = RetryingClient::new(number, webs, rng.fork(), ack_log);
        reader.write_on(slugs)
    });
    try_join_all(readers).await.map(drop)
}

impl<'a> RetryingClient<'a> {
    pub(crate) fn new(number: u64, webs: &[SocketAddr], rng: Rng, ack_log: &'a AckLog) -> Self {
        Self {
            webs: webs.to_vec(),
            number,
            sent: 0,
            rng,
            ack_log,
        }
    }

    async fn write_on(mut self, slugs: &[Slug]) -> anyhow::Result<()> {
        for number in 0.. {
            if self.ack_log.is_stopped() {
                break;
            }
            let place = usize::try_from(self.rng.u64(0..slugs.len() as u64)).unwrap_or(0);
            let Some(slug) = slugs.get(place) else { break };
            match self.rng.u64(0..4) {
                0 => self.comment(slug, number).await?,
                1 => self.like_and_unlike(slug).await?,
                _ => self.like(slug).await?,
            }
            sleep(Duration::from_millis(self.rng.u64(0..WRITE_INTERVAL))).await;
        }
        Ok(())
    }

    /// Likes as a new reader.
    pub(crate) async fn like(&mut self, slug: &Slug) -> anyhow::Result<()> {
        self.send_like(slug).await?;
        self.record(slug, 1);
        Ok(())
    }

    /// Likes as a new reader and takes the like back.
    async fn like_and_unlike(&mut self, slug: &Slug) -> anyhow::Result<()> {
        let cookie = self.send_like(slug).await?;
        self.record(slug, 0);
        let path = format!("/horizon/likes/{slug}");
        for _ in 0..self.repeats() {
            let answer = self.send("DELETE", &path, &[("cookie", &cookie)], "").await?;
            ensure!(
                answer.status == 200 && answer.text().contains(r#""liked":false"#),
                "an unlike got {} {}",
                answer.status,
                answer.text()
            );
        }
        self.record(slug, 0);
        Ok(())
    }

    /// Likes as a new reader and returns the cookie.
    async fn send_like(&mut self, slug: &Slug) -> anyhow::Result<String> {
        let (id, path) = (self.id(), format!("/horizon/likes/{slug}"));
        let mut cookie = String::new();
        for _ in 0..self.repeats() {
            let answer = self.send("PUT", &path, &[("idempotency-key", &id)], "").await?;
            ensure!(
                answer.status == 200 && answer.text().contains(r#""liked":true"#),
                "a like got {} {}",
                answer.status,
                answer.text()
            );
            cookie = answer.cookie();
        }
        Ok(cookie)
    }

    async fn comment(&mut self, slug: &Slug, number: u64) -> anyhow::Result<()> {
        let (id, path) = (self.id(), format!("/horizon/comments/{slug}"));
        let text = format!("comment {number} of reader {}", self.number);
        let body = json!({ "author": "Reader", "body": text }).to_string();
        let headers = [("idempotency-key", id.as_str()), ("content-type", "application/json")];
        for _ in 0..self.repeats() {
            let answer = self.send("POST", &path, &headers, &body).await?;
            ensure!(
                answer.status == 201,
                "a comment got {} {}",
                answer.status,
                answer.text()
            );
        }
        self.ack_log.acknowledged(1);
        self.ack_log.comment(slug, text);
        Ok(())
    }

    /// Records an acknowledged event that adds this number of likes.
    fn record(&self, slug: &Slug, likes: u64) {
        self.ack_log.acknowledged(1);
        let likes = PageTotals {
            likes,
            ..PageTotals::default()
        };
        self.ack_log.add(&Topic::from(slug.clone()), likes);
    }

    /// Returns how often to send a request: one in four is sent twice, as by a double click.
    fn repeats(&mut self) -> u32 {
        1 + u32::from(self.rng.u64(0..4) == 0)
    }

    fn id(&mut self) -> String {
        format!("{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..))
    }

    /// Sends a request to random web nodes until there is a response with another status than 503.
    async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<http::Response> {
        let give_up = Instant::now() + RETRY_TIMEOUT;
        let mut last = String::new();
        while Instant::now() < give_up {
            let (web, network) = (self.next_web()?, self.next_network());
            let headers = [headers, &[("x-forwarded-for", network.as_str()), NO_VISIT]].concat();
            match http::send(web, method.parse()?, path, &headers, body.to_owned()).await {
                Ok(answer) if answer.status != 503 => return Ok(answer),
                Ok(answer) => last = answer.text(),
                Err(error) => last = format!("{error:#}"),
            }
            sleep(RETRY_INTERVAL).await;
        }
        bail!("{method} {path} got no response other than 503 within {RETRY_TIMEOUT:?}: {last}")
    }

    fn next_network(&mut self) -> String {
        self.sent += 1;
        format!("10.{}.{}.{}", self.number, self.sent / 256 % 256, self.sent % 256)
    }

    fn next_web(&mut self) -> anyhow::Result<SocketAddr> {
        let place = self.rng.u64(0..self.webs.len() as u64);
        let web = self.webs.get(usize::try_from(place)?);
        web.copied().ok_or_else(|| anyhow::anyhow!("there is no web node"))
    }
}
