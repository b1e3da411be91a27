//! Readers of an article, which must stay readable during all faults.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use horizon_test_support::http;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::like_clients::PAGE;
use crate::node_process::NodeProcess;

/// The longest time of a page load.
const READABLE_WITHIN: Duration = Duration::from_secs(1);

/// The time between two page loads.
const READ_INTERVAL: Duration = Duration::from_millis(200);

/// Readers that load the same article repeatedly.
pub(crate) struct ArticleReaders {
    stopped: Arc<AtomicBool>,
    readers: JoinSet<Option<String>>,
}

impl ArticleReaders {
    /// Starts a reader for each of these web nodes.
    pub(crate) fn read_at(webs: &[&NodeProcess]) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for web in webs {
            readers.spawn(read(web.name().to_owned(), web.address(), Arc::clone(&stopped)));
        }
        Self { stopped, readers }
    }

    /// Stops the readers. Returns a finding for each web node where a page load failed.
    pub(crate) async fn finish(self) -> Vec<String> {
        self.stopped.store(true, Ordering::Relaxed);
        self.readers.join_all().await.into_iter().flatten().collect()
    }
}

async fn read(name: String, web: SocketAddr, stopped: Arc<AtomicBool>) -> Option<String> {
    let (mut read, mut missed, mut last) = (0_u64, 0_u64, String::new());
    while !stopped.load(Ordering::Relaxed) {
        read += 1;
        if let Err(why) = open(web).await {
            missed += 1;
            last = why;
        }
        sleep(READ_INTERVAL).await;
    }
    (missed > 0).then(|| format!("{missed} of {read} times the article was not readable at {name}: {last}"))
}

async fn open(web: SocketAddr) -> Result<(), String> {
    let started = Instant::now();
    let path = format!("/blog/{PAGE}");
    match timeout(READABLE_WITHIN, http::get(web, &path)).await {
        Ok(Ok(answer)) if answer.status == 200 => Ok(()),
        Ok(Ok(answer)) => Err(format!("{} after {:?}", answer.status, started.elapsed())),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(format!("no response within {READABLE_WITHIN:?}")),
    }
}
