//! Questions to a slow `Pages` rule, which continue after the request that asked them.

use std::{collections::HashSet, fmt, future::Future, sync::Arc};

use horizon_backend::Health;
use horizon_core::Slug;
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The largest number of such questions: 16. Further ones are cancelled, and the next request asks them again.
const MAX_QUESTIONS: usize = 16;

/// Runs the questions that continue in the background, one for each page.
pub(crate) struct PageQuestions {
    running: Arc<Mutex<HashSet<Slug>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    health: Health,
}

impl PageQuestions {
    /// The questions are tasks of `tasks`, and end on `stop`.
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken, health: Health) -> Self {
        Self {
            running: Arc::default(),
            tasks,
            stop,
            health,
        }
    }

    /// Lets a question about a page continue, unless one about the page does already or too many do.
    pub(crate) fn finish_in_background(&self, slug: Slug, question: impl Future<Output = ()> + Send + 'static) {
        let mut slugs = self.running.lock();
        if slugs.len() >= MAX_QUESTIONS || !slugs.insert(slug.clone()) {
            return;
        }
        drop(slugs);
        let running = RunningQuestion {
            slug,
            running: Arc::clone(&self.running),
        };
        let stop = self.stop.clone();
        let task = async move {
            let _running = running;
            stop.run_until_cancelled(question).await;
        };
        self.tasks.spawn(self.health.supervise("question about a page", task));
    }
}

impl fmt::Debug for PageQuestions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageQuestions")
    }
}

/// The registration of a question, until it is dropped.
struct RunningQuestion {
    slug: Slug,
    running: Arc<Mutex<HashSet<Slug>>>,
}

impl Drop for RunningQuestion {
    fn drop(&mut self) {
        self.running.lock().remove(&self.slug);
    }
}
