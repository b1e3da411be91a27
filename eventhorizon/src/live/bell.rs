use std::{
    fmt,
    sync::{Arc, Weak},
};

use super::{Frame, latest::Place};

/// Somebody who takes what is new from a live connection without a task that is woken for it.
///
/// Of ten thousand readers of a page each has a task, and to wake it costs more than it then does. A listener is
/// called instead: it polls the [`Live`](super::Live) connection, or the body that this is in, and writes what comes out.
pub trait Listener: Send + Sync {
    /// There is something new. It is called one time after the other, among many others, and so may not wait.
    fn hear(&self);
}

/// Says who listens to a live connection ([`Live::bell`](super::Live::bell)).
///
/// Who listens has to be in the stream's place: to poll it, also when the task that has it is woken, and to see to it that
/// its bytes stay in order. When the stream has ended the task is woken, as it is without a listener.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// use std::sync::{Arc, Weak, mpsc};
/// use eventhorizon::Listener;
/// use futures::StreamExt;
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
/// live.bell().rings(Arc::downgrade(&tells));
/// while told.try_recv().is_err() {
///     tokio::task::yield_now().await; // the page gets its numbers
/// }
/// assert!(live.next().await.unwrap().starts_with(b"retry: "));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Bell(Arc<Place<Frame>>);

impl Bell {
    pub(super) fn of(place: Arc<Place<Frame>>) -> Self {
        Self(place)
    }

    /// Has this one called from now on, as long as it is there.
    pub fn rings(&self, listener: Weak<dyn Listener>) {
        self.0.listen(listener);
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}
