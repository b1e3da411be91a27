//! Holds what is stored and shown against what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use anyhow::Context;
use horizon_core::{Slug, Topic, wire::PageStats};
use horizon_test_support::{Seed, http};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{
    counts::Counts, diary::Diary, node::Node, readers::Reader, report::ALARM, stage::Stage, stream, viewers::Viewers,
};

/// How soon every viewer has to see what is stored.
pub(crate) const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// How soon a fresh like has to be counted and shown.
const FRESH_WITHIN: Duration = Duration::from_secs(3);

/// How long a viewer may be away: a browser comes back after one to four seconds, and then needs an answer.
const BACK_WITHIN: Duration = Duration::from_secs(6);

/// How soon every viewer has to be told how many they are. A node that was killed counts as present for seven seconds, and
/// its readers for three more.
const PRESENT_WITHIN: Duration = Duration::from_secs(12);

/// How often it is looked whether something holds now.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The number of the readers who like at the end, which no other reader has.
const FRESH_READER: u64 = 200;

/// The most differences of one kind that are told.
const TOLD: usize = 3;

/// The metric of events that were removed before they were counted.
const LOST: &str = "horizon_stream_lost_total ";

/// Looks at a stage where no more faults happen and nobody writes.
pub(crate) struct Oracle<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) diary: &'a Diary,
    pub(crate) viewers: &'a Viewers,
    /// Everything that is not as it has to be.
    pub(crate) findings: Vec<String>,
    /// How long after the drain everybody saw what is stored, as far as they did.
    pub(crate) seen_after: Option<Duration>,
}

impl Oracle<'_> {
    /// Waits until everything is counted, and looks at everything. Answers when it was counted.
    pub(crate) async fn examine(&mut self, dice: &mut Seed) -> anyhow::Result<Instant> {
        match stream::drained(&self.stage.redis).await {
            Ok(None) => {}
            Ok(Some(rest)) => self.find(format!("the backlog stands still: {rest}")),
            Err(error) => self.find(format!("the stream is not as it was: {error:#}")),
        }
        let counted = Instant::now();
        let stored = self.stored().await?;
        self.shown(&stored).await;
        self.comments().await?;
        self.alarms().await?;
        self.fresh(stored, dice).await?;
        self.present().await;
        for node in self.stage.nodes() {
            if node.log().contains("panicked") {
                self.findings.push(format!("{} panicked", node.name()));
            }
        }
        Ok(counted)
    }

    fn find(&mut self, finding: String) {
        self.findings.push(finding);
    }

    /// What the store has, held against the diary.
    async fn stored(&mut self) -> anyhow::Result<BTreeMap<Topic, Counts>> {
        let acknowledged = self.diary.counts();
        let stored = self.stage.stored(acknowledged.keys()).await?;
        for (topic, acknowledged) in &acknowledged {
            let stored = stored.get(topic).copied().unwrap_or_default();
            if stored != *acknowledged {
                self.find(format!(
                    "{topic}: {acknowledged} were acknowledged, {stored} are stored"
                ));
            }
        }
        Ok(stored)
    }

    /// Whether all viewers and all web nodes show what is stored, in time. Who has no stream right now may come back first.
    async fn shown(&mut self, stored: &BTreeMap<Topic, Counts>) {
        let started = Instant::now();
        let late = settled(SHOWN_WITHIN, async || {
            let mut late = self.late_viewers(stored);
            late.extend(self.late_webs(stored).await);
            late
        });
        let late = late.await;
        let away = settled(BACK_WITHIN, async || self.away()).await;
        let back = if late.is_empty() {
            settled(SHOWN_WITHIN, async || self.late_viewers(stored)).await
        } else {
            Vec::new()
        };
        if late.is_empty() && away.is_empty() && back.is_empty() {
            self.seen_after = Some(started.elapsed());
        }
        self.tell(&format!("{SHOWN_WITHIN:?} after the drain"), late);
        self.tell(&format!("after {BACK_WITHIN:?}"), away);
        self.tell(&format!("{SHOWN_WITHIN:?} after all came back"), back);
    }

    fn tell(&mut self, when: &str, all: Vec<String>) {
        let more = all.len().saturating_sub(TOLD);
        self.findings
            .extend(all.into_iter().take(TOLD).map(|finding| format!("{when}, {finding}")));
        if more > 0 {
            self.find(format!("{when}, {more} more of the kind"));
        }
    }

    fn away(&self) -> Vec<String> {
        let away = self.viewers.iter().filter(|viewer| !viewer.view().is_live);
        away.map(|viewer| format!("a viewer of {} at {} has no stream", viewer.topic, viewer.web))
            .collect()
    }

    fn late_viewers(&self, stored: &BTreeMap<Topic, Counts>) -> Vec<String> {
        let live = self.viewers.iter().filter(|viewer| viewer.view().is_live);
        let late = live.filter_map(|viewer| {
            let stored = stored.get(&viewer.topic).copied().unwrap_or_default();
            let (shown, topic, web) = (viewer.counts(), &viewer.topic, &viewer.web);
            match shown {
                Some(shown) if shown == stored => None,
                Some(shown) => Some(format!(
                    "a viewer of {topic} at {web} sees {shown}, and {stored} are stored"
                )),
                None => Some(format!("a viewer of {topic} at {web} sees nothing")),
            }
        });
        late.collect()
    }

    async fn late_webs(&self, stored: &BTreeMap<Topic, Counts>) -> Vec<String> {
        let mut late = Vec::new();
        for web in &self.stage.webs {
            for (topic, stored) in stored {
                match numbers(web.address(), topic).await {
                    Ok(said) if Counts::from(said) == *stored => {}
                    Ok(said) => late.push(format!(
                        "{} says of {topic} {}, and {stored} are stored",
                        web.name(),
                        Counts::from(said)
                    )),
                    Err(error) => late.push(format!("{} does not say the numbers of {topic}: {error:#}", web.name())),
                }
            }
        }
        late
    }

    /// Whether every viewer is told how many they are, at whichever web node.
    async fn present(&mut self) {
        let late = settled(PRESENT_WITHIN, async || {
            let late = self.viewers.iter().filter_map(|viewer| {
                let (told, present) = (viewer.view().numbers?.viewers, self.viewers.at(&viewer.topic));
                let (topic, web) = (&viewer.topic, &viewer.web);
                (told != present)
                    .then(|| format!("a viewer of {topic} at {web} hears of {told} viewers, they are {present}"))
            });
            late.collect()
        });
        let late = late.await;
        self.tell(&format!("after {PRESENT_WITHIN:?}"), late);
    }

    /// Whether every web node has the comments that were acknowledged, and no other.
    async fn comments(&mut self) -> anyhow::Result<()> {
        for slug in &self.stage.slugs {
            let acknowledged = self.diary.comments(slug);
            for web in &self.stage.webs {
                let stored = comments(web.address(), slug).await?;
                let set: BTreeSet<String> = stored.iter().cloned().collect();
                let missing: Vec<_> = acknowledged.difference(&set).take(TOLD).collect();
                let strange: Vec<_> = set.difference(&acknowledged).take(TOLD).collect();
                if set != acknowledged || stored.len() != set.len() {
                    let (name, acknowledged, stored) = (web.name(), acknowledged.len(), stored.len());
                    self.findings.push(format!(
                        "{name} has {stored} comments on {slug}, {acknowledged} were acknowledged; \
                         missing {missing:?}, strange {strange:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether an accumulator says that events were lost.
    async fn alarms(&mut self) -> anyhow::Result<()> {
        for node in self.stage.accumulators.iter().filter(|node| node.is_genuine()) {
            let lost = lost(node).await?;
            if lost != 0 {
                self.find(format!("{} {ALARM}: {lost} events are lost", node.name()));
            }
        }
        Ok(())
    }

    /// Whether somebody can like at each web node, and everybody sees it.
    async fn fresh(&mut self, mut stored: BTreeMap<Topic, Counts>, dice: &mut Seed) -> anyhow::Result<()> {
        for web in &self.stage.webs {
            let mut reader = Reader::new(FRESH_READER, &[web.address()], Seed::new(dice.next()), self.diary);
            for slug in &self.stage.slugs {
                reader.like(slug).await.context("a fresh event does not pass")?;
                let counts = stored.entry(slug.clone().into()).or_default();
                counts.likes += 1;
            }
        }
        let late = settled(FRESH_WITHIN, async || self.late_viewers(&stored)).await;
        self.tell(&format!("{FRESH_WITHIN:?} after a fresh like"), late);
        Ok(())
    }
}

/// Looks again and again until nothing is wrong, and answers what still is once the time is over.
pub(crate) async fn settled(within: Duration, mut wrong: impl AsyncFnMut() -> Vec<String>) -> Vec<String> {
    let give_up = Instant::now() + within;
    loop {
        let wrong = wrong().await;
        if wrong.is_empty() || Instant::now() > give_up {
            return wrong;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn numbers(web: SocketAddr, topic: &Topic) -> anyhow::Result<PageStats> {
    let path = match topic.slug() {
        Some(slug) => format!("/horizon/stats/{slug}"),
        None => "/horizon/stats".into(),
    };
    Ok(serde_json::from_value(http::get(web, &path).await?.json()?)?)
}

/// The words of all comments of a page.
async fn comments(web: SocketAddr, slug: &Slug) -> anyhow::Result<Vec<String>> {
    let first_page = format!("/horizon/comments/{slug}?limit=100");
    let (mut stored, mut path) = (Vec::new(), first_page.clone());
    loop {
        let page = http::get(web, &path).await?.json()?;
        let threads = page.get("threads").and_then(Value::as_array).context("no threads")?;
        let texts = threads
            .iter()
            .filter_map(|thread| thread.pointer("/comment/html")?.as_str());
        stored.extend(texts.map(words));
        let has_earlier = page.get("has_earlier") == Some(&Value::Bool(true));
        let Some(first) = threads.first().filter(|_| has_earlier) else {
            return Ok(stored);
        };
        let first = first.pointer("/comment/id").and_then(Value::as_str);
        path = format!("{first_page}&before={}", first.context("a comment without an id")?);
    }
}

/// The text of a comment's HTML, which here is one paragraph.
fn words(html: &str) -> String {
    html.trim()
        .trim_start_matches("<p>")
        .trim_end_matches("</p>")
        .to_owned()
}

async fn lost(accumulator: &Node) -> anyhow::Result<u64> {
    let metrics = http::get(accumulator.address(), "/metrics").await?.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(LOST));
    let lost = line.with_context(|| format!("{} has no metric {LOST}", accumulator.name()))?;
    Ok(lost.trim().parse()?)
}
