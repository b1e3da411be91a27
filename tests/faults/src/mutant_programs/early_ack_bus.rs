use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{future::join_all, stream::BoxStream};
use horizon_core::{Error, Event, EventBus, Result, Stats, Topic};
use horizon_redis::RedisBus;
use tokio::{sync::mpsc, time::sleep};

/// How long events stay in this process before they are sent to Redis.
const GATHER: Duration = Duration::from_millis(100);

/// The maximum number of events that are sent to Redis together.
const GROUP: usize = 1_024;

/// A bus that acknowledges an event before Redis has it.
pub(crate) struct EarlyAckBus {
    bus: Arc<RedisBus>,
    queue: mpsc::UnboundedSender<Event>,
}

impl EarlyAckBus {
    pub(crate) fn new(bus: Arc<RedisBus>) -> Self {
        let (queue, events) = mpsc::unbounded_channel();
        tokio::spawn(deliver(Arc::clone(&bus), events));
        Self { bus, queue }
    }
}

async fn deliver(bus: Arc<RedisBus>, mut events: mpsc::UnboundedReceiver<Event>) {
    let mut group = Vec::new();
    while events.recv_many(&mut group, GROUP).await > 0 {
        sleep(GATHER).await;
        let delivered = group.drain(..).map(async |event| {
            while bus.track(event.clone()).await.is_err() {
                sleep(GATHER).await;
            }
        });
        join_all(delivered).await;
    }
}

#[async_trait]
impl EventBus for EarlyAckBus {
    async fn track(&self, event: Event) -> Result<()> {
        let gone = |_| Error::unavailable("the delivery task has ended");
        self.queue.send(event).map_err(gone)
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.bus.watch(topic)
    }
}
