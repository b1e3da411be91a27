//! The numbers of a page and of the site, without a read of the store for each answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use eventhorizon::{Horizon, ReadSession};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use horizon_core::{Ports, Slug, Topic, wire::PageStats};
use tokio::task::unconstrained;

/// For how long what was heard of a topic stands without a read of the store: 2 seconds, as long as in the live path.
/// This process hears at once of what it counted itself; only what another process wrote may be that late.
const HEARD_FOR: Duration = Duration::from_secs(2);

/// How many topics are heard of at once.
const MOST_TOPICS: usize = 4_096;

/// What a page says of itself and of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// The numbers of the page, as far as they are known.
    pub(crate) numbers: Option<PageStats>,
    /// The numbers of the site, as far as they are known.
    pub(crate) totals: Option<PageStats>,
    /// Which comments show: it grows whenever one comes or goes.
    pub(crate) comments: Option<u64>,
    /// Whether all of it is what the backends say now, and not the last known.
    pub(crate) is_current: bool,
}

/// What this process heard last, where it is the one that counts.
///
/// A reader finds their own like in it: the pipe in memory answers them only when their word is counted, and it was
/// published before that. Where others count, nobody can know when a word of this process is counted, and the store is
/// asked.
pub(crate) struct Counts {
    is_counting: bool,
    heard: Mutex<HashMap<Topic, Heard>>,
}

impl Counts {
    pub(crate) fn new(is_counting: bool) -> Self {
        Self {
            is_counting,
            heard: Mutex::default(),
        }
    }

    /// Whether what a reader was answered is in the store by then.
    pub(crate) fn is_counting(&self) -> bool {
        self.is_counting
    }

    /// The numbers at this moment, or the last known. What was heard is used while the store answers.
    pub(crate) async fn now(&self, horizon: &Horizon, reads: &ReadSession, slug: &Slug) -> Now {
        let topics = [Topic::from(slug.clone()), Topic::Site];
        if reads.is_store_available()
            && let Some(now) = self.heard(horizon.ports(), &topics)
        {
            return now;
        }
        let mut known = reads.stats_snapshots(&topics).await.into_iter();
        let (page, site) = (known.next().flatten(), known.next().flatten());
        Now {
            numbers: page.map(|page| page.stats),
            totals: site.map(|site| site.stats),
            comments: page.map(|page| page.comments_revision),
            is_current: [page, site]
                .iter()
                .all(|known| known.is_some_and(|known| known.is_current)),
        }
    }

    fn heard(&self, ports: &Ports, [page, site]: &[Topic; 2]) -> Option<Now> {
        if !self.is_counting {
            return None;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= MOST_TOPICS {
            heard.clear();
        }
        let page = hear(&mut heard, page, ports);
        let (totals, _) = hear(&mut heard, site, ports)?;
        let (numbers, comments) = page?;
        Some(Now {
            numbers: Some(numbers),
            totals: Some(totals),
            comments: Some(comments),
            is_current: true,
        })
    }
}

fn hear(heard: &mut HashMap<Topic, Heard>, topic: &Topic, ports: &Ports) -> Option<(PageStats, u64)> {
    match heard.get_mut(topic) {
        Some(heard) if heard.since.elapsed() < HEARD_FOR => heard.latest(),
        _ => {
            let mut fresh = Heard::open(topic, ports);
            let latest = fresh.latest();
            heard.insert(topic.clone(), fresh);
            latest
        }
    }
}

/// What is heard of a topic.
struct Heard {
    since: Instant,
    news: BoxStream<'static, News>,
    viewers: Option<u64>,
    stats: Option<horizon_core::Stats>,
}

enum News {
    Viewers(u64),
    Stats(horizon_core::Stats),
}

impl Heard {
    fn open(topic: &Topic, ports: &Ports) -> Self {
        let viewers = ports.presence.watch(topic.clone()).map(News::Viewers);
        let stats = ports.analytics.watch(topic.clone()).map(News::Stats);
        Self {
            since: Instant::now(),
            news: futures::stream::select(viewers, stats).boxed(),
            viewers: None,
            stats: None,
        }
    }

    /// The latest, and the revision of the comments; nothing as long as the first read is under way.
    fn latest(&mut self) -> Option<(PageStats, u64)> {
        // Unconstrained: a task that had its share would hear nothing, and take old numbers for the latest.
        while let Some(Some(news)) = unconstrained(self.news.next()).now_or_never() {
            match news {
                News::Viewers(viewers) => self.viewers = Some(viewers),
                News::Stats(stats) => self.stats = Some(stats),
            }
        }
        let (viewers, stats) = (self.viewers?, self.stats?);
        Some((PageStats::new(viewers, stats), stats.comments_revision))
    }
}
