//! What a node wants to say and has not said yet.

use std::collections::VecDeque;

use horizon_core::presence::{MessageBody, PresenceMessage};
use horizon_core::{Error, Result, Topic};
use redis::aio::ConnectionManager;

use crate::error::map;
use crate::wire;

/// The most visitors that the waiting messages name together: some 16 MB. What finds no place is not said:
/// the next sign of life shows the others that they missed something, and they ask.
const WAITING_VISITORS: usize = 1_000_000;

/// The most messages that wait.
const WAITING_MESSAGES: usize = 65_536;

/// The most messages that are said in one round trip.
const MESSAGES_AT_ONCE: usize = 512;

/// A message and where it is to be said.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) topic: Topic,
    pub(crate) message: PresenceMessage,
}

/// Messages in the order in which they are to be said.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    letters: VecDeque<Letter>,
    visitors: usize,
}

impl Outbox {
    pub(crate) fn put(&mut self, topic: Topic, message: PresenceMessage) {
        let visitors = named(&message);
        if self.letters.len() < WAITING_MESSAGES && self.visitors + visitors <= WAITING_VISITORS {
            self.visitors += visitors;
            self.letters.push_back(Letter { topic, message });
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Letter> {
        let some = self.letters.len().min(MESSAGES_AT_ONCE);
        let letters: Vec<_> = self.letters.drain(..some).collect();
        self.visitors -= letters.iter().map(|letter| named(&letter.message)).sum::<usize>();
        letters
    }
}

/// Says these. Answers how many processes heard each.
pub(crate) async fn publish(connection: &mut ConnectionManager, letters: &[Letter]) -> Result<Vec<u64>> {
    let mut pipe = redis::pipe();
    for letter in letters {
        let json = serde_json::to_vec(&letter.message)
            .map_err(|e| Error::permanent("a message cannot be written as JSON").with_source(e))?;
        pipe.cmd("PUBLISH").arg(wire::presence_channel(&letter.topic)).arg(json);
    }
    pipe.query_async(connection)
        .await
        .map_err(|e| map("the other nodes cannot be told who is here", e))
}

fn named(message: &PresenceMessage) -> usize {
    match &message.body {
        MessageBody::State { members, .. } => members.len(),
        MessageBody::Delta { joined, left, .. } => joined.len() + left.len(),
        MessageBody::Heartbeat { .. } | MessageBody::StateRequest { .. } | MessageBody::Goodbye => 0,
    }
}
