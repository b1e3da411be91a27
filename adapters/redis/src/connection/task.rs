use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use horizon_core::panic_message;
use tokio::task::JoinHandle;

/// Called with the name of a task that panicked, and the panic's message.
pub(crate) type PanicReport = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// A task that is aborted when this is dropped.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    /// Starts a task that calls `report` if it panics.
    pub(crate) fn spawn(
        report: &PanicReport,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let report = Arc::clone(report);
        Self(tokio::spawn(async move {
            if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
                report(name, panic_message(&*panic));
            }
        }))
    }
}

impl Task {
    /// Aborts the task, and returns once it has ended.
    pub(crate) async fn stop(&mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::RedisConfig;

    #[tokio::test]
    async fn a_task_that_panics_is_reported_by_its_name() {
        let (sender, mut reports) = mpsc::unbounded_channel();
        let config = RedisConfig::new("redis://127.0.0.1").unwrap();
        let config = config.on_task_panic(move |task, message| sender.send(format!("{task}: {message}")).unwrap());
        let _task = Task::spawn(config.panic_report(), "redis reader", async { panic!("boom") });
        assert_eq!(reports.recv().await.as_deref(), Some("redis reader: boom"));
    }
}
