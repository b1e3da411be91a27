use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use horizon_core::{Topic, Update};
use tokio::sync::watch;

/// The latest totals of each watched topic. A topic is kept while somebody watches it.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<Topic, Channel>>);

#[derive(Debug)]
struct Channel {
    totals: watch::Sender<Update>,
    watchers: usize,
}

impl Watchers {
    /// One watcher more. The receiver holds the latest that was published meanwhile.
    pub(crate) fn subscribe(&self, topic: &Topic) -> watch::Receiver<Update> {
        let mut channels = self.channels();
        let channel = channels.entry(topic.clone()).or_insert_with(|| Channel {
            totals: watch::Sender::new(Update::empty(topic.clone())),
            watchers: 0,
        });
        channel.watchers += 1;
        channel.totals.subscribe()
    }

    /// One watcher fewer.
    pub(crate) fn unsubscribe(&self, topic: &Topic) {
        let mut channels = self.channels();
        if let Some(channel) = channels.get_mut(topic) {
            channel.watchers = channel.watchers.saturating_sub(1);
            if channel.watchers == 0 {
                channels.remove(topic);
            }
        }
    }

    /// Tells the watchers of a topic, if there are any and it is news.
    pub(crate) fn publish(&self, update: &Update) {
        if let Some(channel) = self.channels().get(&update.topic) {
            channel.totals.send_if_modified(|latest| {
                let newer = update.revision > latest.revision;
                if newer {
                    latest.clone_from(update);
                }
                newer
            });
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Topic, Channel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn topics(&self) -> usize {
        self.channels().len()
    }
}
