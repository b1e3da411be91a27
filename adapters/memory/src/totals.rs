use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::{Stats, StatsStore, StatsStoreExt, Topic, Update};
use tokio::{sync::watch, time::sleep};

use crate::watchers::Watchers;

/// How long a watch waits before it reads the totals again, after the first failure.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// The longest wait of a watch between two reads of the totals; each is twice the one before.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// The totals as watches see them: what the store has, then what is published.
pub(crate) struct Totals {
    watchers: Watchers,
    store: Arc<dyn StatsStore>,
}

impl Totals {
    /// Watches read from `store` what was counted before they came.
    pub(crate) fn new(store: Arc<dyn StatsStore>) -> Arc<Self> {
        Arc::new(Self {
            watchers: Watchers::default(),
            store,
        })
    }

    /// Tells every watcher of these topics the new totals.
    pub(crate) fn publish(&self, updates: &[Update]) {
        for update in updates {
            self.watchers.publish(update);
        }
    }

    /// The totals of the topic: the latest at once, then each newer one.
    pub(crate) fn watch(self: &Arc<Self>, topic: Topic) -> BoxStream<'static, Stats> {
        let watcher = Watcher::new(Arc::clone(self), topic);
        unfold(watcher, |mut watcher| async {
            let stats = watcher.next().await?;
            Some((stats, watcher))
        })
        .boxed()
    }

    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.watchers.topics()
    }
}

struct Watcher {
    totals: Arc<Totals>,
    topic: Topic,
    news: watch::Receiver<Update>,
    /// The revision that was said last, nothing before the first.
    said: Option<u64>,
}

impl Watcher {
    fn new(totals: Arc<Totals>, topic: Topic) -> Self {
        let news = totals.watchers.subscribe(&topic);
        Self {
            totals,
            topic,
            news,
            said: None,
        }
    }

    async fn next(&mut self) -> Option<Stats> {
        let update = match self.said {
            None => self.first().await,
            Some(said) => self.newer(said).await?,
        };
        self.said = Some(update.revision);
        Some(update.stats)
    }

    /// What the store has, or what was published since, whichever is newer.
    async fn first(&mut self) -> Update {
        let stored = self.stored().await;
        let published = self.news.borrow_and_update().clone();
        if published.revision > stored.revision {
            published
        } else {
            stored
        }
    }

    async fn newer(&mut self, said: u64) -> Option<Update> {
        self.news
            .wait_for(|update| update.revision > said)
            .await
            .ok()
            .map(|update| update.clone())
    }

    async fn stored(&self) -> Update {
        let mut wait = FIRST_RETRY;
        loop {
            match self.totals.store.total(&self.topic).await {
                Ok(update) => return update,
                Err(error) => {
                    tracing::warn!(topic = %self.topic, %error, ?wait, "the totals cannot be read, trying again");
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LAST_RETRY);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.totals.watchers.unsubscribe(&self.topic);
    }
}
