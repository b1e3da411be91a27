use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::{Error, Result};
use tokio::sync::watch;

/// Whether the ports reach their backend.
#[derive(Clone)]
pub(super) struct ConnectionState(Arc<watch::Sender<bool>>);

impl ConnectionState {
    /// Returns a connected state.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(true)))
    }

    pub(super) fn set_connected(&self, is_connected: bool) {
        self.0.send_replace(is_connected);
    }

    /// Returns a retryable error while disconnected.
    pub(super) fn check(&self) -> Result<()> {
        if *self.0.borrow() {
            Ok(())
        } else {
            Err(Error::unavailable("the fake is disconnected"))
        }
    }

    /// Returns the stream's items, and stays silent while disconnected.
    pub(super) fn gate<T: 'static>(&self, stream: BoxStream<'static, T>) -> BoxStream<'static, T> {
        // Keep the sender: dropping it would end the stream.
        let (sender, changes) = (self.clone(), self.0.subscribe());
        unfold((stream, changes, sender), |(mut stream, mut changes, sender)| async {
            loop {
                changes.wait_for(|is_connected| *is_connected).await.ok()?;
                tokio::select! {
                    biased;
                    changed = changes.changed() => changed.ok()?,
                    item = stream.next() => return item.map(|item| (item, (stream, changes, sender))),
                }
            }
        })
        .boxed()
    }
}
