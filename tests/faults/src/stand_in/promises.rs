use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{future::join_all, stream::BoxStream};
use horizon_core::{Analytics, Error, Event, Result, Stats, Topic};
use horizon_redis::RedisBus;
use tokio::{sync::mpsc, time::sleep};

/// How long events gather in this process before they go to Redis.
const GATHER: Duration = Duration::from_millis(100);

/// The most events that go to Redis at once.
const GROUP: usize = 1_024;

/// A pipe that answers Ok while only this process has the event.
pub(crate) struct Promises {
    pipe: Arc<RedisBus>,
    queue: mpsc::UnboundedSender<Event>,
}

impl Promises {
    pub(crate) fn new(pipe: Arc<RedisBus>) -> Self {
        let (queue, events) = mpsc::unbounded_channel();
        tokio::spawn(deliver(Arc::clone(&pipe), events));
        Self { pipe, queue }
    }
}

async fn deliver(pipe: Arc<RedisBus>, mut events: mpsc::UnboundedReceiver<Event>) {
    let mut group = Vec::new();
    while events.recv_many(&mut group, GROUP).await > 0 {
        sleep(GATHER).await;
        let delivered = group.drain(..).map(async |event| {
            while pipe.track(event.clone()).await.is_err() {
                sleep(GATHER).await;
            }
        });
        join_all(delivered).await;
    }
}

#[async_trait]
impl Analytics for Promises {
    async fn track(&self, event: Event) -> Result<()> {
        let gone = |_| Error::unavailable("the task that delivers is gone");
        self.queue.send(event).map_err(gone)
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.pipe.watch(topic)
    }
}
