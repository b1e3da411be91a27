use std::sync::Arc;

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use horizon_core::{Event, EventBus, Result, Stats, Topic};
use horizon_redis::RedisBus;
use redis::{Client, Msg, RedisResult};

/// A bus whose watches receive totals only over their first connection, and never read the stored totals.
pub(crate) struct StaleWatchBus {
    pub(crate) bus: Arc<RedisBus>,
    pub(crate) redis: Client,
}

#[async_trait]
impl EventBus for StaleWatchBus {
    async fn track(&self, event: Event) -> Result<()> {
        self.bus.track(event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        let first = self.bus.watch(topic.clone()).take(1);
        let published = stream::once(listen(self.redis.clone(), topic)).flat_map(|subscribed| match subscribed {
            Ok(messages) => messages,
            Err(_) => stream::empty().boxed(),
        });
        first.chain(published).chain(stream::pending()).boxed()
    }
}

async fn listen(redis: Client, topic: Topic) -> RedisResult<BoxStream<'static, Stats>> {
    let mut connection = redis.get_async_pubsub().await?;
    connection.subscribe(format!("stats:{topic}")).await?;
    let messages = connection.into_on_message();
    Ok(messages.filter_map(async |message| read(&message)).boxed())
}

fn read(message: &Msg) -> Option<Stats> {
    serde_json::from_slice(message.get_payload_bytes()).ok()
}
