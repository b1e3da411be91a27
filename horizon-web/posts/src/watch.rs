use std::{
    future::Future,
    path::{Path, PathBuf, absolute},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{
    sync::{Notify, watch},
    task::spawn_blocking,
    time::sleep,
};

use crate::{Library, Options, Problems};

/// How long the folder is left alone after a change before it is read again: 100 ms.
///
/// An editor or a checkout writes several files, and each of them in several steps.
pub const DEBOUNCE: Duration = Duration::from_millis(100);

/// The folder cannot be watched, as when the system has no watches left.
#[derive(Debug, thiserror::Error)]
#[error("the folder {} cannot be watched", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Keeps a library fresh: the receiver has `first`, then each newer one.
///
/// What changed since `first` was loaded is found too. A folder that no longer loads is logged,
/// problem by problem, and the last good library stays. The future ends on `shutdown`; spawn it. It also
/// colours the code of each library, post by post, so that hardly a reader waits for it.
///
/// # Errors
/// [`WatchError`] if the system refuses to watch the folder.
pub fn watch(
    root: PathBuf,
    options: Options,
    first: Arc<Library>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(watch::Receiver<Arc<Library>>, impl Future<Output = ()> + Send + 'static), WatchError> {
    let changed = Arc::new(Notify::new());
    let eyes = Eyes::open(&root, changed.clone()).map_err(|source| WatchError {
        path: root.clone(),
        source: source.into(),
    })?;
    let (fresh, latest) = watch::channel(first);
    // The folder may have changed between the first load and now.
    changed.notify_one();
    let keeper = Keeper {
        root,
        options,
        eyes,
        fresh,
        told: None,
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

struct Keeper {
    root: PathBuf,
    options: Options,
    eyes: Eyes,
    fresh: watch::Sender<Arc<Library>>,
    /// The problems that were logged last, so that they are not logged again on every change.
    told: Option<Problems>,
}

impl Keeper {
    async fn run(mut self, changed: Arc<Notify>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                () = async { changed.notified().await; sleep(DEBOUNCE).await } => self.reload().await,
            }
        }
    }

    async fn reload(&mut self) {
        // Loading says what is wrong with a folder that cannot be watched.
        let _ = self.eyes.look();
        let (root, options) = (self.root.clone(), self.options.clone());
        match spawn_blocking(move || Library::load(&root, &options)).await {
            Ok(Ok(library)) => self.publish(library),
            Ok(Err(problems)) => self.tell(problems),
            Err(error) => tracing::error!(%error, "reading the content folder failed; the last good content stays"),
        }
    }

    fn publish(&mut self, library: Library) {
        let is_new = self.fresh.borrow().digest != library.digest;
        let is_healed = self.told.take().is_some();
        if is_new || is_healed {
            tracing::info!(
                posts = library.posts().len(),
                pages = library.pages().len(),
                "the content folder was read again"
            );
        }
        if is_new {
            self.fresh.send_replace(Arc::new(library));
        }
    }

    fn tell(&mut self, problems: Problems) {
        if self.told.as_ref() == Some(&problems) {
            return;
        }
        for problem in &problems {
            tracing::error!(
                path = %problem.path.display(),
                line = problem.line,
                reason = %problem.reason,
                "a content file is broken; the last good content stays"
            );
        }
        self.told = Some(problems);
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
