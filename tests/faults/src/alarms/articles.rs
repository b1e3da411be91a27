//! Readers of an article who must not notice anything.

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

use super::likers::PAGE;
use crate::node::Node;

/// How soon an article has to be there.
const READABLE_WITHIN: Duration = Duration::from_secs(1);

/// How often a reader comes.
const READ_EVERY: Duration = Duration::from_millis(200);

/// Readers who open the same article at some web nodes again and again.
pub(crate) struct Articles {
    enough: Arc<AtomicBool>,
    readers: JoinSet<Option<String>>,
}

impl Articles {
    /// Starts reading at these web nodes.
    pub(crate) fn read_at(webs: &[&Node]) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for web in webs {
            readers.spawn(read(web.name().to_owned(), web.address(), Arc::clone(&enough)));
        }
        Self { enough, readers }
    }

    /// Stops, and returns for each web node how often the article was not there in time.
    pub(crate) async fn finish(self) -> Vec<String> {
        self.enough.store(true, Ordering::Relaxed);
        self.readers.join_all().await.into_iter().flatten().collect()
    }
}

async fn read(name: String, web: SocketAddr, enough: Arc<AtomicBool>) -> Option<String> {
    let (mut read, mut missed, mut last) = (0_u64, 0_u64, String::new());
    while !enough.load(Ordering::Relaxed) {
        read += 1;
        if let Err(why) = open(web).await {
            missed += 1;
            last = why;
        }
        sleep(READ_EVERY).await;
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
        Err(_) => Err(format!("no answer within {READABLE_WITHIN:?}")),
    }
}
