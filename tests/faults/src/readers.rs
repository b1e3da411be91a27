//! Readers who write over HTTP, at whichever web node answers, and do not give up.

use std::{net::SocketAddr, time::Duration};

use anyhow::{bail, ensure};
use futures::future::try_join_all;
use horizon_core::{Slug, Topic};
use horizon_test_support::{Seed, http};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{counts::Counts, diary::Diary};

/// How long a reader waits before trying again.
const AGAIN: Duration = Duration::from_millis(20);

/// How long a reader tries. No fault lasts as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// The longest that a reader thinks before writing again, in milliseconds.
const THINKS: u64 = 20;

/// Someone in front of all web nodes, as behind a balancer.
pub(crate) struct Reader<'a> {
    webs: Vec<SocketAddr>,
    number: u64,
    /// How many requests were sent, each from another network: limits are by network, and this is no test of them.
    sent: u64,
    dice: Seed,
    diary: &'a Diary,
}

/// So many readers write until the diary says that it is enough.
pub(crate) async fn write(
    count: u64,
    webs: &[SocketAddr],
    slugs: &[Slug],
    dice: &mut Seed,
    diary: &Diary,
) -> anyhow::Result<()> {
    let readers = (0..count).map(|number| {
        let reader = Reader::new(number, webs, Seed::new(dice.next()), diary);
        reader.write_on(slugs)
    });
    try_join_all(readers).await.map(drop)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(number: u64, webs: &[SocketAddr], dice: Seed, diary: &'a Diary) -> Self {
        Self {
            webs: webs.to_vec(),
            number,
            sent: 0,
            dice,
            diary,
        }
    }

    async fn write_on(mut self, slugs: &[Slug]) -> anyhow::Result<()> {
        for number in 0.. {
            if self.diary.is_enough() {
                break;
            }
            let place = usize::try_from(self.dice.between(0, slugs.len() as u64)).unwrap_or(0);
            let Some(slug) = slugs.get(place) else { break };
            match self.dice.between(0, 4) {
                0 => self.comment(slug, number).await?,
                1 => self.change_mind(slug).await?,
                _ => self.like(slug).await?,
            }
            sleep(Duration::from_millis(self.dice.between(0, THINKS))).await;
        }
        Ok(())
    }

    /// A like by somebody new.
    pub(crate) async fn like(&mut self, slug: &Slug) -> anyhow::Result<()> {
        self.put(slug).await?;
        self.note(slug, 1);
        Ok(())
    }

    /// A like by somebody new, and they take it back.
    async fn change_mind(&mut self, slug: &Slug) -> anyhow::Result<()> {
        let cookie = self.put(slug).await?;
        self.note(slug, 0);
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
        self.note(slug, 0);
        Ok(())
    }

    /// Answers the cookie of the reader who likes the page now.
    async fn put(&mut self, slug: &Slug) -> anyhow::Result<String> {
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
            cookie = answer
                .header("set-cookie")
                .split(';')
                .next()
                .unwrap_or_default()
                .to_owned();
        }
        Ok(cookie)
    }

    async fn comment(&mut self, slug: &Slug, number: u64) -> anyhow::Result<()> {
        let (id, path) = (self.id(), format!("/horizon/comments/{slug}"));
        let words = format!("comment {number} of reader {}", self.number);
        let body = json!({ "author": "Reader", "body": words }).to_string();
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
        self.diary.acknowledged(1);
        self.diary.comment(slug, words);
        Ok(())
    }

    /// An event was acknowledged that leaves so many likes more.
    fn note(&self, slug: &Slug, likes: u64) {
        self.diary.acknowledged(1);
        let likes = Counts {
            likes,
            ..Counts::default()
        };
        self.diary.add(&Topic::from(slug.clone()), likes);
    }

    /// One in four says it twice, as with a double click.
    fn repeats(&mut self) -> u32 {
        1 + u32::from(self.dice.between(0, 4) == 0)
    }

    fn id(&mut self) -> String {
        format!("{:016x}{:016x}", self.dice.next(), self.dice.next())
    }

    /// Sends the same request, to one web node after the other, until something other than silence or 503 comes back.
    async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<http::Answer> {
        let give_up = Instant::now() + PATIENCE;
        let mut last = String::new();
        while Instant::now() < give_up {
            let (web, network) = (self.next_web()?, self.next_network());
            let headers = [headers, &[("x-forwarded-for", network.as_str())]].concat();
            match http::send(web, method.parse()?, path, &headers, body.to_owned()).await {
                Ok(answer) if answer.status != 503 => return Ok(answer),
                Ok(answer) => last = answer.text(),
                Err(error) => last = format!("{error:#}"),
            }
            sleep(AGAIN).await;
        }
        bail!("{method} {path} was not answered within {PATIENCE:?}: {last}")
    }

    fn next_network(&mut self) -> String {
        self.sent += 1;
        format!("10.{}.{}.{}", self.number, self.sent / 256 % 256, self.sent % 256)
    }

    fn next_web(&mut self) -> anyhow::Result<SocketAddr> {
        let place = self.dice.between(0, self.webs.len() as u64);
        let web = self.webs.get(usize::try_from(place)?);
        web.copied().ok_or_else(|| anyhow::anyhow!("there is no web node"))
    }
}
