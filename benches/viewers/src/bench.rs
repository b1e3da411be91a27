//! The start of every scenario: connects to the server and opens all viewers.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};

use crate::{
    cost::Border,
    figures::{Latencies, count},
    options::Options,
    progress::Progress,
    publish::{self, Pace, PublishConnection, PublishKind, PublishedMessage},
    report::{Join, Memory},
    server::TargetServer,
    viewer::ReceiveLog,
    viewer_pool::ViewerPool,
};

/// The longest wait for a pause between messages, because some servers send all the time.
const SETTLING: Duration = Duration::from_secs(60);

/// One run with one server.
#[derive(Debug)]
pub struct Bench {
    /// The command line.
    pub options: Options,
    /// The measured server.
    pub server: Arc<TargetServer>,
    /// The viewers.
    pub pool: ViewerPool,
    /// The progress bar.
    pub progress: Progress,
}

impl Bench {
    /// Creates a run without viewers.
    ///
    /// # Errors
    /// The server's URL is invalid.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let server = Arc::new(TargetServer::new(&options.url, options.protocol, options.kind())?);
        Ok(Self {
            pool: ViewerPool::new(Arc::clone(&server), usize::from(options.in_flight), options.stalled()),
            progress: Progress::new(options.quiet),
            server,
            options,
        })
    }

    /// Returns the CPU time and memory used so far.
    ///
    /// # Errors
    /// A process of the server has ended.
    pub fn border(&self) -> anyhow::Result<Border> {
        Border::now(self.server.clock, &self.options.pid)
    }

    /// Opens all viewers and waits until the server is idle.
    ///
    /// # Errors
    /// No viewer could connect.
    pub async fn join(&mut self) -> anyhow::Result<(Join, Memory)> {
        let viewers = self.options.viewers;
        let before = self.border()?;
        let bar = self.progress.steps("connecting", viewers);
        self.pool.open(viewers, || bar.step()).await;
        let opened = self.border()?;
        drop(bar);
        let here = self.pool.here();
        ensure!(here > 0, "no viewer could connect: {:?}", self.errors());
        self.settle().await;
        let after = self.border()?;
        let join = Join {
            connected: here,
            connect_ms: Latencies::quantiles_of(self.connect_times())?,
            wall_seconds: before.until(&opened).wall_seconds,
            server_cpu_seconds: before.until(&after).server_cpu_seconds,
            server_cpu_ms_per_join: before
                .until(&after)
                .server_cpu_seconds
                .map(|seconds| seconds * 1_000.0 / count(here)),
            own_cpu_seconds: before.until(&after).own_cpu_seconds,
        };
        let memory = Memory {
            rss_before_kib: before.rss_kib(),
            rss_after_kib: after.rss_kib(),
            kib_per_connection: before.growth_kib(&after, here),
        };
        Ok((join, memory))
    }

    /// Waits until every viewer has the final number of viewers.
    pub async fn settle(&self) {
        let _bar = self.progress.time("settling");
        self.pool
            .quiet(Duration::from_secs_f64(self.options.settle), SETTLING)
            .await;
    }

    /// Returns the time that each connection took to open, in microseconds.
    pub fn connect_times(&self) -> impl Iterator<Item = u64> {
        self.pool.seated().filter_map(|viewer| {
            let log = viewer.log();
            Some(log.connected?.saturating_sub(log.asked))
        })
    }

    /// Returns the publisher of this run.
    ///
    /// # Errors
    /// `--publish` is missing or invalid.
    pub fn publisher(&self, connections: usize) -> anyhow::Result<Arc<PublishConnection>> {
        publish::publisher(self.options.publish.as_ref(), connections)
    }

    /// Publishes at a fixed rate, and waits until all reading viewers have the last message.
    ///
    /// # Errors
    /// The server accepted no message.
    pub async fn publish(
        &self,
        publisher: &Arc<PublishConnection>,
        pace: Pace,
    ) -> anyhow::Result<Vec<PublishedMessage>> {
        let bar = self.progress.steps("publishing", usize::try_from(pace.count)?);
        let published = pace.run(publisher, self.server.clock, || bar.step()).await;
        drop(bar);
        self.wait_for_last(&published).await?;
        Ok(published)
    }

    /// Waits until all reading viewers have the last published message, at most for `--patience`.
    ///
    /// # Errors
    /// The server accepted no message.
    pub async fn wait_for_last(&self, published: &[PublishedMessage]) -> anyhow::Result<()> {
        let accepted = published.iter().filter_map(|one| Some((one.number()?, one.sent)));
        let (last, sent) = accepted
            .max()
            .with_context(|| format!("the server accepted nothing: {:?}", published.first()))?;
        // With `post`, a viewer does not receive messages from before its connection.
        let includes_all_published = |connected| self.server.kind == PublishKind::Like || connected <= sent;
        let has_last = |log: &ReceiveLog| {
            !log.connected.is_some_and(includes_all_published) || log.last.is_some_and(|reading| reading.value >= last)
        };
        let patience = Duration::from_secs(self.options.patience.into());
        let _bar = self.progress.time("waiting");
        self.pool.wait(patience, has_last).await;
        Ok(())
    }
}
