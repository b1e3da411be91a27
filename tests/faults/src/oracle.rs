//! Compares the stored and shown totals with the acknowledged events.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use anyhow::Context;
use fastrand::Rng;
use horizon_core::{Slug, Topic, wire::PageStats};
use horizon_test_support::http;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{
    ack_log::AckLog, cluster::FaultCluster, counts::PageTotals, live_viewers::LiveViewers, node_process::NodeProcess,
    report::ALARM, retrying_clients::RetryingClient, stream,
};

/// The longest time until every viewer sees the stored totals.
pub(crate) const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// The longest time until a new like is counted and shown.
const FRESH_WITHIN: Duration = Duration::from_secs(3);

/// The longest time until a viewer has reconnected. A browser waits one to four seconds before it reconnects.
const BACK_WITHIN: Duration = Duration::from_secs(6);

/// The longest time until every viewer sees the right number of viewers. A killed node counts for seven seconds, and
/// its viewers for three more.
const PRESENT_WITHIN: Duration = Duration::from_secs(12);

/// The time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// The client number of the likes at the end. No other client has it.
const FINAL_CLIENT: u64 = 200;

/// The maximum number of findings of one check in the report.
pub(crate) const MAX_FINDINGS: usize = 3;

/// The metric of events that were removed before they were counted.
const LOST: &str = "horizon_stream_lost_total ";

/// Checks a cluster after the last fault and the last write.
pub(crate) struct Oracle<'a> {
    pub(crate) cluster: &'a FaultCluster,
    pub(crate) ack_log: &'a AckLog,
    pub(crate) viewers: &'a LiveViewers,
    /// Failed checks.
    pub(crate) findings: Vec<String>,
    /// The time from the drain until every viewer saw the stored totals.
    pub(crate) seen_after: Option<Duration>,
}

impl Oracle<'_> {
    /// Waits until everything is counted, and runs all checks. Returns when it was counted.
    pub(crate) async fn examine(&mut self, rng: &mut Rng) -> anyhow::Result<Instant> {
        match stream::drained(&self.cluster.redis).await {
            Ok(None) => {}
            Ok(Some(rest)) => self.find(format!("the backlog does not shrink: {rest}")),
            Err(error) => self.find(format!("the stream cannot be read: {error:#}")),
        }
        let counted = Instant::now();
        let stored = self.stored().await?;
        self.shown(&stored).await;
        self.comments().await?;
        self.alarms().await?;
        self.fresh(stored, rng).await?;
        self.present().await;
        for node in self.cluster.nodes() {
            if node.log().contains("panicked") {
                self.findings.push(format!("{} panicked", node.name()));
            }
        }
        Ok(counted)
    }

    fn find(&mut self, finding: String) {
        self.findings.push(finding);
    }

    /// Compares the stored totals with the acknowledged events. Returns those that web nodes show.
    async fn stored(&mut self) -> anyhow::Result<BTreeMap<Topic, PageTotals>> {
        let acknowledged = self.ack_log.counts();
        let mut stored = self.cluster.stored(acknowledged.keys()).await?;
        for (topic, acknowledged) in &acknowledged {
            let stored = stored.get(topic).copied().unwrap_or_default();
            if stored != *acknowledged {
                self.find(format!(
                    "{topic}: {acknowledged} were acknowledged, {stored} are stored"
                ));
            }
        }
        stored.retain(|topic, _| self.cluster.has_topic(topic));
        Ok(stored)
    }

    /// Checks that all viewers and web nodes show the stored totals in time. A viewer without a stream may reconnect
    /// first.
    async fn shown(&mut self, stored: &BTreeMap<Topic, PageTotals>) {
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
        self.report(&format!("{SHOWN_WITHIN:?} after the drain"), late);
        self.report(&format!("after {BACK_WITHIN:?}"), away);
        self.report(&format!("{SHOWN_WITHIN:?} after all reconnected"), back);
    }

    fn report(&mut self, when: &str, all: Vec<String>) {
        let more = all.len().saturating_sub(MAX_FINDINGS);
        self.findings.extend(
            all.into_iter()
                .take(MAX_FINDINGS)
                .map(|finding| format!("{when}, {finding}")),
        );
        if more > 0 {
            self.find(format!("{when}, {more} more findings of this kind"));
        }
    }

    fn away(&self) -> Vec<String> {
        let away = self.viewers.iter().filter(|viewer| !viewer.view().is_live);
        away.map(|viewer| format!("a viewer of {} at {} has no stream", viewer.topic, viewer.web))
            .collect()
    }

    fn late_viewers(&self, stored: &BTreeMap<Topic, PageTotals>) -> Vec<String> {
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

    async fn late_webs(&self, stored: &BTreeMap<Topic, PageTotals>) -> Vec<String> {
        let mut late = Vec::new();
        for web in &self.cluster.webs {
            for (topic, stored) in stored {
                match numbers(web.address(), topic).await {
                    Ok(stats) if PageTotals::from(&stats) == *stored => {}
                    Ok(stats) => late.push(format!(
                        "{} returns {} for {topic}, and {stored} are stored",
                        web.name(),
                        PageTotals::from(&stats)
                    )),
                    Err(error) => late.push(format!("{} returns no numbers for {topic}: {error:#}", web.name())),
                }
            }
        }
        late
    }

    /// Checks that every viewer sees the number of viewers of all web nodes.
    async fn present(&mut self) {
        let late = settled(PRESENT_WITHIN, async || {
            let late = self.viewers.iter().filter_map(|viewer| {
                let (shown, present) = (viewer.view().numbers?.viewers, self.viewers.at(&viewer.topic));
                let (topic, web) = (&viewer.topic, &viewer.web);
                (shown != present)
                    .then(|| format!("a viewer of {topic} at {web} sees {shown} viewers, expected {present}"))
            });
            late.collect()
        });
        let late = late.await;
        self.report(&format!("after {PRESENT_WITHIN:?}"), late);
    }

    /// Checks that every web node returns exactly the acknowledged comments.
    async fn comments(&mut self) -> anyhow::Result<()> {
        for slug in &self.cluster.slugs {
            let acknowledged = self.ack_log.comments(slug);
            for web in &self.cluster.webs {
                let stored = comments(web.address(), slug).await?;
                let set: BTreeSet<String> = stored.iter().cloned().collect();
                let missing: Vec<_> = acknowledged.difference(&set).take(MAX_FINDINGS).collect();
                let unexpected: Vec<_> = set.difference(&acknowledged).take(MAX_FINDINGS).collect();
                if set != acknowledged || stored.len() != set.len() {
                    let (name, acknowledged, stored) = (web.name(), acknowledged.len(), stored.len());
                    self.findings.push(format!(
                        "{name} has {stored} comments on {slug}, {acknowledged} were acknowledged; \
                         missing {missing:?}, unexpected {unexpected:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks that no accumulator reports lost events.
    async fn alarms(&mut self) -> anyhow::Result<()> {
        for node in self.cluster.accumulators.iter().filter(|node| node.is_unmodified()) {
            let lost = lost(node).await?;
            if lost != 0 {
                self.find(format!("{} {ALARM}: {lost} events are lost", node.name()));
            }
        }
        Ok(())
    }

    /// Checks that a new like on each web node is shown to every viewer.
    async fn fresh(&mut self, mut stored: BTreeMap<Topic, PageTotals>, rng: &mut Rng) -> anyhow::Result<()> {
        for web in &self.cluster.webs {
            let mut client = RetryingClient::new(FINAL_CLIENT, &[web.address()], rng.fork(), self.ack_log);
            for slug in &self.cluster.slugs {
                client.like(slug).await.context("a new like failed")?;
                let counts = stored.entry(slug.clone().into()).or_default();
                counts.likes += 1;
            }
        }
        let late = settled(FRESH_WITHIN, async || self.late_viewers(&stored)).await;
        self.report(&format!("{FRESH_WITHIN:?} after a new like"), late);
        Ok(())
    }
}

/// Repeats a check until it returns no findings, and returns the last findings when the time is over.
pub(crate) async fn settled(within: Duration, mut wrong: impl AsyncFnMut() -> Vec<String>) -> Vec<String> {
    let give_up = Instant::now() + within;
    loop {
        let wrong = wrong().await;
        if wrong.is_empty() || Instant::now() > give_up {
            return wrong;
        }
        sleep(CHECK_INTERVAL).await;
    }
}

async fn numbers(web: SocketAddr, topic: &Topic) -> anyhow::Result<PageStats> {
    let path = match topic.slug() {
        Some(slug) => format!("/horizon/stats/{slug}"),
        None => "/horizon/stats".into(),
    };
    Ok(serde_json::from_value(http::get(web, &path).await?.json()?)?)
}

/// Returns the texts of all comments of a page.
async fn comments(web: SocketAddr, slug: &Slug) -> anyhow::Result<Vec<String>> {
    let first_page = format!("/horizon/comments/{slug}?limit=100");
    let (mut stored, mut path) = (Vec::new(), first_page.clone());
    loop {
        let page = http::get(web, &path).await?.json()?;
        let threads = page.get("threads").and_then(Value::as_array).context("no threads")?;
        let texts = threads
            .iter()
            .filter_map(|thread| thread.pointer("/comment/html")?.as_str());
        stored.extend(texts.map(text_of_html));
        let has_earlier = page.get("has_earlier") == Some(&Value::Bool(true));
        let Some(first) = threads.first().filter(|_| has_earlier) else {
            return Ok(stored);
        };
        let first = first.pointer("/comment/id").and_then(Value::as_str);
        path = format!("{first_page}&before={}", first.context("a comment without an id")?);
    }
}

/// Returns the text of a comment's HTML, which is one paragraph.
fn text_of_html(html: &str) -> String {
    html.trim()
        .trim_start_matches("<p>")
        .trim_end_matches("</p>")
        .to_owned()
}

async fn lost(accumulator: &NodeProcess) -> anyhow::Result<u64> {
    let metrics = http::get(accumulator.address(), "/metrics").await?.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(LOST));
    let lost = line.with_context(|| format!("{} has no metric {LOST}", accumulator.name()))?;
    Ok(lost.trim().parse()?)
}
