use std::future::Future;

/// Waits for SIGTERM or SIGINT (Ctrl-C). The handlers are installed by the call, so a signal during the start of a
/// program is not lost. Call it within a tokio runtime.
///
/// ```no_run
/// # #[tokio::main] async fn main() {
/// let shutdown = horizon_backend::shutdown_signal();
/// // … start everything
/// shutdown.await;
/// # }
/// ```
#[cfg(unix)]
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn received(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            // Without the handler the signal ends the process.
            Err(_) => std::future::pending().await,
        }
    }
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
        tracing::info!("shutting down");
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn shutdown_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    tracing::info!("shutting down");
}

/// Waits until the value is true or the sender is dropped.
pub async fn wait_for_shutdown(mut shutdown: tokio::sync::watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|is_shutdown| *is_shutdown).await;
}
