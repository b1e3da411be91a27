use std::future::Future;

use tokio::sync::watch;

/// Ends with SIGTERM or ctrl-c. From the call on they end nothing else, so that none is missed while a program starts.
///
/// It has to be called within a tokio runtime.
#[cfg(unix)]
pub fn asked_to_stop() -> impl Future<Output = ()> + Send + 'static {
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
pub async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    tracing::info!("asked to stop");
}

/// Ends once this says so, or whoever would say it is gone.
pub async fn ended(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
