use std::collections::VecDeque;

use horizon_core::presence::{MessageBody, PresenceMessage};
use horizon_core::{Error, Result, Topic};
use redis::aio::ConnectionManager;

use crate::error::map;
use crate::wire;

/// The maximum number of visitors in all queued messages: some 16 MB. Messages beyond it are dropped; the next
/// heartbeat shows the other nodes that they missed one, and they ask for the state.
const QUEUED_VISITORS: usize = 1_000_000;

/// The maximum number of queued messages.
const QUEUED_MESSAGES: usize = 65_536;

/// The maximum number of messages in one round trip.
const MESSAGES_PER_WRITE: usize = 512;

/// A message and its topic.
#[derive(Debug)]
pub(crate) struct OutboundMessage {
    pub(crate) topic: Topic,
    pub(crate) message: PresenceMessage,
}

/// The messages that are not published yet, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: VecDeque<OutboundMessage>,
    visitors: usize,
}

impl Outbox {
    /// Queues a message, or drops it if the outbox is full.
    pub(crate) fn push(&mut self, topic: Topic, message: PresenceMessage) {
        let visitors = visitors(&message);
        if self.messages.len() < QUEUED_MESSAGES && self.visitors + visitors <= QUEUED_VISITORS {
            self.visitors += visitors;
            self.messages.push_back(OutboundMessage { topic, message });
        }
    }

    /// Removes and returns the oldest messages.
    pub(crate) fn pop(&mut self) -> Vec<OutboundMessage> {
        let count = self.messages.len().min(MESSAGES_PER_WRITE);
        let messages: Vec<_> = self.messages.drain(..count).collect();
        self.visitors -= messages
            .iter()
            .map(|outbound| visitors(&outbound.message))
            .sum::<usize>();
        messages
    }
}

/// Publishes the messages. Returns how many processes received each.
pub(crate) async fn publish(connection: &mut ConnectionManager, messages: &[OutboundMessage]) -> Result<Vec<u64>> {
    let mut pipe = redis::pipe();
    for OutboundMessage { topic, message } in messages {
        let json = serde_json::to_vec(message)
            .map_err(|e| Error::permanent("a presence message cannot be encoded as JSON").with_source(e))?;
        pipe.cmd("PUBLISH").arg(wire::presence_channel(topic)).arg(json);
    }
    pipe.query_async(connection)
        .await
        .map_err(|e| map("presence messages cannot be published to Redis", e))
}

/// Returns how many visitors a message names.
fn visitors(message: &PresenceMessage) -> usize {
    match &message.body {
        MessageBody::State { members, .. } => members.len(),
        MessageBody::Delta { joined, left, .. } => joined.len() + left.len(),
        MessageBody::Heartbeat { .. } | MessageBody::StateRequest { .. } | MessageBody::Goodbye => 0,
    }
}
