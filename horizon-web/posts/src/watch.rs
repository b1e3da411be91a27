use std::{
    future::Future,
    path::{Path, PathBuf, absolute},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use horizon_core::Timestamp;
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{
    sync::{Notify, watch},
    task::spawn_blocking,
    time::sleep,
};

use crate::{Content, Effect, Library, Problem, Problems, Waiting};

/// How long the folder is left alone after a change before it is read again: 100 ms.
///
/// An editor or a checkout writes several files, and each of them in several steps.
pub const DEBOUNCE: Duration = Duration::from_millis(100);

/// The longest time between two checks of the clock: 60 s.
///
/// A sleep does not notice that the clock was set or that the machine was suspended.
pub const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The folder cannot be watched, as when the system has no watches left.
#[derive(Debug, thiserror::Error)]
#[error("the folder {} cannot be watched", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Keeps a library fresh: the receiver has what is public now, then each newer library.
///
/// `now` is the clock. A post with a date in the future becomes public when the clock reaches it. Changes of the folder
/// since `content` was loaded are found too. A broken file is logged once per change, and its last good version stays
/// public unless the broken version still says that it is not public. The future ends on `shutdown`; spawn it. It also
/// highlights the code of each library in the background.
///
/// # Errors
/// [`WatchError`] if the system refuses to watch the folder.
pub fn watch(
    content: Content,
    now: impl Fn() -> Timestamp + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(watch::Receiver<Arc<Library>>, impl Future<Output = ()> + Send + 'static), WatchError> {
    let changed = Arc::new(Notify::new());
    let eyes = Eyes::open(content.root(), changed.clone()).map_err(|source| WatchError {
        path: content.root().to_owned(),
        source: source.into(),
    })?;
    let shown = now();
    let first = Arc::new(content.library(shown));
    tell_news(&first, &Problems::default(), &[]);
    let (fresh, latest) = watch::channel(first);
    // The folder may have changed between the first load and now.
    changed.notify_one();
    let keeper = Keeper {
        content: Arc::new(content),
        eyes,
        now,
        shown,
        fresh,
    };
    let painter = paint_for_ever(latest.clone());
    Ok((latest, async {
        tokio::select! {
            () = keeper.run(changed, shutdown) => {}
            () = painter => {}
        }
    }))
}

/// Colours what nobody has asked for yet, one post at a time, and begins anew with each newer library.
async fn paint_for_ever(mut latest: watch::Receiver<Arc<Library>>) {
    loop {
        // Those who read already come first.
        sleep(DEBOUNCE).await;
        let library = latest.borrow_and_update().clone();
        for post in library.posts() {
            let post = post.clone();
            let painted = spawn_blocking(move || post.html().len()).await;
            if let Err(error) = painted {
                tracing::error!(%error, "colouring the code of a post failed");
            }
            if !matches!(latest.has_changed(), Ok(false)) {
                break;
            }
        }
        if latest.changed().await.is_err() {
            return;
        }
    }
}

/// The system's watches on the folder.
struct Eyes {
    watcher: RecommendedWatcher,
    root: PathBuf,
}

impl Eyes {
    fn open(root: &Path, changed: Arc<Notify>) -> Result<Self, notify::Error> {
        let root = absolute(root).map_err(notify::Error::io)?;
        let within = root.clone();
        let watcher = notify::recommended_watcher(move |event| match event {
            Ok(event) if is_change(&event, &within) => changed.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the content folder could not be watched for a moment; reading it again");
                changed.notify_one();
            }
        })?;
        let mut eyes = Self { watcher, root };
        eyes.look()?;
        // A folder that is replaced as a whole, as by a deployment, is seen only from above it.
        // Where we may not look there, the rest is still seen.
        if let Some(parent) = eyes.root.parent() {
            let _ = eyes.watcher.watch(parent, RecursiveMode::NonRecursive);
        }
        Ok(eyes)
    }

    /// Watches the folder that now has the name.
    fn look(&mut self) -> Result<(), notify::Error> {
        // It is an error to forget what is not watched, as after the folder was removed.
        let _ = self.watcher.unwatch(&self.root);
        self.watcher.watch(&self.root, RecursiveMode::Recursive)
    }
}

/// Reading a file is an event too: without this, loading would cause the next load.
fn is_change(event: &Event, root: &Path) -> bool {
    let wrote = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    event.need_rescan() || (wrote && event.paths.iter().any(|path| path.starts_with(root)))
}

struct Keeper<N> {
    content: Arc<Content>,
    eyes: Eyes,
    now: N,
    /// When the latest library was made.
    shown: Timestamp,
    fresh: watch::Sender<Arc<Library>>,
}

impl<N: Fn() -> Timestamp> Keeper<N> {
    async fn run(mut self, changed: Arc<Notify>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        loop {
            let is_changed = tokio::select! {
                () = &mut shutdown => return,
                () = changed.notified() => true,
                () = sleep(self.until_next_change()) => false,
            };
            if is_changed {
                tokio::select! {
                    () = &mut shutdown => return,
                    () = sleep(DEBOUNCE) => self.reload().await,
                }
            }
            self.publish();
        }
    }

    fn until_next_change(&self) -> Duration {
        let now = (self.now)();
        let next = self.content.next_change(now);
        next.map_or(LONGEST_SLEEP, |next| next.since(now).min(LONGEST_SLEEP))
    }

    async fn reload(&mut self) {
        // Loading says what is wrong with a folder that cannot be watched.
        let _ = self.eyes.look();
        let (content, shown) = (self.content.clone(), self.shown);
        match spawn_blocking(move || content.load_again(shown)).await {
            Ok(content) => self.content = Arc::new(content),
            Err(error) => tracing::error!(%error, "reading the content folder failed; the last good content stays"),
        }
    }

    /// Sends a new library if what is public has changed.
    fn publish(&mut self) {
        let now = (self.now)();
        let last = self.fresh.borrow().clone();
        self.shown = now;
        if last.digest == self.content.digest(now) {
            return;
        }
        let library = Arc::new(self.content.library(now));
        tell_news(&library, last.problems(), last.waiting());
        for problem in last.problems().without(library.problems()) {
            tracing::info!(path = %problem.path.display(), "a problem with the content is gone: {}", problem.reason);
        }
        self.fresh.send_replace(library);
    }
}

/// Logs what a library holds, and the problems and waiting posts that were not logged before.
fn tell_news(library: &Library, told: &Problems, known: &[Waiting]) {
    tracing::info!(
        posts = library.posts().len(),
        pages = library.pages().len(),
        waiting = library.waiting().len(),
        problems = library.problems().len(),
        "the content folder was read"
    );
    for waiting in library.waiting().iter().filter(|waiting| !known.contains(waiting)) {
        let (path, until) = (waiting.path.display(), waiting.until.rfc3339());
        tracing::info!(%path, until, "this is not public before its time");
    }
    library.problems().without(told).for_each(tell);
}

fn tell(problem: &Problem) {
    let Problem { path, line, reason, .. } = problem;
    let path = path.display();
    match problem.effect {
        Effect::NotShown => tracing::error!(%path, line, reason, "a content file is not shown"),
        Effect::LastGoodShown => {
            tracing::error!(%path, line, reason, "a content file is broken; its last good version is shown");
        }
        Effect::Shown => {
            tracing::warn!(%path, line, reason, "a content file is shown, and something in it has no effect");
        }
        Effect::Skipped => tracing::info!(%path, line, reason, "a file is not taken for a post"),
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, ModifyKind};

    use super::*;

    #[test]
    fn a_load_is_no_reason_for_the_next_load() {
        let root = Path::new("/blog");
        let is_change = |kind, path: &str| is_change(&Event::new(kind).add_path(path.into()), root);
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let modified = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        assert!(!is_change(opened, "/blog/one.md") && !is_change(read, "/blog/one.md"));
        assert!(is_change(written, "/blog/one.md") && is_change(modified, "/blog/one.md"));
        assert!(
            !is_change(EventKind::Create(CreateKind::File), "/blog.db"),
            "a neighbour of the folder"
        );
        assert!(
            is_change(EventKind::Create(CreateKind::Folder), "/blog"),
            "the folder itself"
        );
    }
}
