//! Whether the named reader of a live stream likes its page.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use horizon_core::{ReaderId, Topic};

use super::{Hub, LatestReceiver, frame::Message};

/// The messages for the named reader of a stream, and a lease that keeps the task of the page's named readers running.
pub(crate) struct ReaderMessages {
    hub: Hub,
    topic: Topic,
    reader: ReaderId,
    messages: LatestReceiver<Message>,
}

impl ReaderMessages {
    pub(super) fn new(hub: Hub, topic: Topic, reader: ReaderId, messages: LatestReceiver<Message>) -> Self {
        Self {
            hub,
            topic,
            reader,
            messages,
        }
    }

    /// Returns the next message that was not written yet.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        // The message is empty until the state is known. The channel ends only when the site closes.
        while let Poll::Ready(Some(message)) = self.messages.poll_next_unpin(cx) {
            if !message.bytes.is_empty() {
                return Poll::Ready(message.bytes.clone());
            }
        }
        Poll::Pending
    }
}

impl Drop for ReaderMessages {
    fn drop(&mut self) {
        self.hub.stop_watching_reader(&self.topic, self.reader);
    }
}
