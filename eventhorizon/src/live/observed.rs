//! The pages that a live stream observes.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use horizon_core::Slug;

use super::{Hub, LatestReceiver, frame::Message};

/// The pages that one stream observes: their messages, and the leases that keep their tasks running.
pub(crate) struct ObservedPages {
    hub: Hub,
    slugs: Box<[Slug]>,
    messages: Box<[LatestReceiver<Message>]>,
    /// The index of the page to poll first, so that each page has its turn.
    next: usize,
}

impl ObservedPages {
    pub(super) fn new(hub: Hub, slugs: Box<[Slug]>, messages: Box<[LatestReceiver<Message>]>) -> Self {
        Self {
            hub,
            slugs,
            messages,
            next: 0,
        }
    }

    /// Returns the next message that was not written yet, of any page.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        for _ in 0..self.messages.len() {
            let index = self.next;
            self.next = (index + 1) % self.messages.len();
            let Some(receiver) = self.messages.get_mut(index) else {
                continue;
            };
            // A page has an empty message until its numbers are known. Its task ends only when the site closes.
            while let Poll::Ready(Some(message)) = receiver.poll_next_unpin(cx) {
                if !message.bytes.is_empty() {
                    return Poll::Ready(message.bytes.clone());
                }
            }
        }
        Poll::Pending
    }
}

impl Drop for ObservedPages {
    fn drop(&mut self) {
        self.hub.stop_observing(&self.slugs);
    }
}
