use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::{Error, Result};
use tokio::sync::watch;

/// The way to everything behind the ports, which can be cut.
#[derive(Clone)]
pub(super) struct Link(Arc<watch::Sender<bool>>);

impl Link {
    /// A way that is open.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(true)))
    }

    /// Opens it, or cuts it.
    pub(super) fn set(&self, open: bool) {
        self.0.send_replace(open);
    }

    /// Retryable while it is cut.
    pub(super) fn check(&self) -> Result<()> {
        if *self.0.borrow() {
            Ok(())
        } else {
            Err(Error::unavailable("the fake is disconnected"))
        }
    }

    /// What comes over the way: silent while it is cut, and it goes on where `stream` is then.
    pub(super) fn gate<T: 'static>(&self, stream: BoxStream<'static, T>) -> BoxStream<'static, T> {
        // The link goes along, because its end would end the stream.
        let (link, state) = (self.clone(), self.0.subscribe());
        unfold((stream, state, link), |(mut stream, mut state, link)| async {
            loop {
                state.wait_for(|open| *open).await.ok()?;
                tokio::select! {
                    biased;
                    cut = state.changed() => cut.ok()?,
                    item = stream.next() => return item.map(|item| (item, (stream, state, link))),
                }
            }
        })
        .boxed()
    }
}
