use std::{
    fmt,
    sync::{Arc, Weak},
    task::Waker,
};

use super::{Frame, latest::Place};

/// Somebody who takes what is new from a live connection without a task that is woken for it.
///
/// Of ten thousand readers of a page each has a task, and to wake it costs more than what it then does. A listener is
/// called instead: it polls the [`Live`](super::Live) connection, or the body that this is in, and writes what comes out.
pub trait Listener: Send + Sync {
    /// There is something new. It is called among many others, on the runtime of the [`Horizon`](crate::Horizon), and so may
    /// not wait. A panic is logged and harms no other.
    fn hear(&self);
}

/// Says who listens to a live connection ([`Live::bell`](super::Live::bell)).
///
/// Who listens stands in for one task: it polls the stream as that task would, and sees to it that its bytes stay in order
/// when the task itself is woken, as it is at the end of the stream. If something in between waits as somebody else, such as
/// a task that passes the bytes on, that is woken as ever, and nobody listens.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// use std::{future::poll_fn, sync::{Arc, mpsc}, task::Poll};
/// use eventhorizon::Listener;
/// use futures::{FutureExt, StreamExt};
///
/// struct Tells(mpsc::Sender<()>);
///
/// impl Listener for Tells {
///     fn hear(&self) {
///         let _ = self.0.send(());
///     }
/// }
///
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
/// let mut live = horizon.live(Some(&horizon.page("bread")?), &caller, false).await?;
/// let (tell, told) = mpsc::channel();
/// let tells: Arc<dyn Listener> = Arc::new(Tells(tell));
/// let bell = live.bell();
/// let mut next = live.take(2).collect::<Vec<_>>();
/// poll_fn(|cx| {
///     bell.rings(cx.waker().clone(), Arc::downgrade(&tells));
///     if told.try_recv().is_err() {
///         cx.waker().wake_by_ref(); // the page gets its numbers
///         assert!(next.poll_unpin(cx).is_pending());
///         return Poll::Pending;
///     }
///     next.poll_unpin(cx).map(|bytes| assert!(bytes[1].starts_with(b"event: live")))
/// })
/// .await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Bell(Weak<Place<Frame>>);

impl Bell {
    pub(super) fn of(place: &Arc<Place<Frame>>) -> Self {
        Self(Arc::downgrade(place))
    }

    /// Has this one called in place of the task, as long as both are there, and nobody else from now on.
    pub fn rings(&self, task: Waker, listener: Weak<dyn Listener>) {
        if let Some(place) = self.0.upgrade() {
            place.listen(task, listener);
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}
