use std::future::Future;

use tokio::sync::watch;

/// Ends with SIGTERM or ctrl-c. From the call on they end nothing else, so that none is missed while a program starts.
///
/// It has to be called within a tokio runtime. Where a signal cannot be caught the process ends with it, as it would
/// have.
///
/// ```no_run
/// use horizon_backend::shutdown_signal;
///
/// # #[tokio::main] async fn main() {
/// let stopping = shutdown_signal();
/// // … set everything up; what comes meanwhile is not missed
/// stopping.await;
/// # }
/// ```
#[cfg(unix)]
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn heard(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            // Without the handler the process still ends with the signal, only less politely.
            Err(_) => std::future::pending().await,
        }
    }
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
        tracing::info!("asked to stop");
    }
}

/// Ends with ctrl-c.
#[cfg(not(unix))]
pub async fn shutdown_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    tracing::info!("asked to stop");
}

/// Ends once this says so, or whoever would say it is gone: one word that stops many tasks.
///
/// ```
/// use horizon_backend::ended;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (stop, stopped) = tokio::sync::watch::channel(false);
/// let tasks = [ended(stopped.clone()), ended(stopped)];
/// stop.send_replace(true);
/// futures::future::join_all(tasks).await;
/// # }
/// ```
pub async fn wait_for_shutdown(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
