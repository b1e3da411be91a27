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

use crate::{
    ContentFolder, Diagnostic, DiagnosticEffect, Diagnostics, Layout, Library, ScheduledFile, highlight_library,
};

/// The delay between a change of the folder and the reload: 100 ms. Editors and checkouts write several files, each in
/// several steps.
pub const DEBOUNCE: Duration = Duration::from_millis(100);

/// The maximum time between two checks of the clock: 60 s. A sleep does not notice that the clock was set or that the
/// machine was suspended.
pub const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The folder cannot be watched, for example because the system has no watches left.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch the folder {}", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Watches the folder: the receiver has the current library, then each newer one.
///
/// `now` is the clock. A post with a date in the future becomes public when the clock reaches it. Changes of the folder
/// since `content` was loaded are found too. A broken file is logged once per change, and its last good version stays
/// public unless the broken version still says that it is not public. The future ends on `shutdown`; spawn it. It also
/// highlights the code of each library in the background.
///
/// # Errors
/// [`WatchError`] if the system refuses to watch the folder.
pub fn watch(
    content: ContentFolder,
    now: impl Fn() -> Timestamp + Send + 'static,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(watch::Receiver<Arc<Library>>, impl Future<Output = ()> + Send + 'static), WatchError> {
    let changed = Arc::new(Notify::new());
    let watcher = FsWatcher::new(&content, changed.clone()).map_err(|source| WatchError {
        path: content.root().to_owned(),
        source: source.into(),
    })?;
    let shown = now();
    let library = Arc::new(content.library(shown));
    log_layout(&content);
    log_changes(&library, &Diagnostics::default(), &[]);
    let (libraries, latest) = watch::channel(library);
    // The folder may have changed between the first load and now.
    changed.notify_one();
    let reloader = Reloader {
        content: Arc::new(content),
        watcher,
        now,
        shown,
        libraries,
    };
    let highlighter = highlight_all(latest.clone());
    Ok((latest, async {
        tokio::select! {
            () = reloader.run(changed, shutdown) => {}
            () = highlighter => {}
        }
    }))
}

/// Highlights the code of each library.
async fn highlight_all(mut latest: watch::Receiver<Arc<Library>>) {
    loop {
        // Requests go first.
        sleep(DEBOUNCE).await;
        let library = latest.borrow_and_update().clone();
        // The sender is dropped on shutdown.
        let is_replaced = {
            let latest = latest.clone();
            move || !matches!(latest.has_changed(), Ok(false))
        };
        if let Err(error) = spawn_blocking(move || highlight_library::highlight(&library, is_replaced)).await {
            tracing::error!(%error, "highlighting code failed; pages highlight their own");
        }
        if latest.changed().await.is_err() {
            return;
        }
    }
}

struct FsWatcher {
    watcher: RecommendedWatcher,
    root: PathBuf,
    /// The folders of a generator's project that are watched, each without those in it: a project has many folders that
    /// are not read, such as `node_modules`. Empty for the plain layout, which is watched as a whole.
    folders: Vec<PathBuf>,
}

impl FsWatcher {
    fn new(content: &ContentFolder, changed: Arc<Notify>) -> Result<Self, notify::Error> {
        let root = absolute(content.root()).map_err(notify::Error::io)?;
        let within = root.clone();
        let watcher = notify::recommended_watcher(move |event| match event {
            Ok(event) if is_change(&event, &within) => changed.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "watching the content folder failed; reading it again");
                changed.notify_one();
            }
        })?;
        let folders = Vec::new();
        let mut this = Self { watcher, root, folders };
        this.watch_content(content)?;
        // The replacement of the whole folder, as by a deployment, is visible only in its parent. If the parent cannot
        // be watched, everything else still works.
        if let Some(parent) = this.root.parent() {
            let _ = this.watcher.watch(parent, RecursiveMode::NonRecursive);
        }
        Ok(this)
    }

    /// Watches the folders that are at the paths of the content now. An event may be lost until the next read.
    fn watch_content(&mut self, content: &ContentFolder) -> Result<(), notify::Error> {
        // Ignore the errors: a folder is not watched any more after it was removed.
        for folder in [&self.root].into_iter().chain(&self.folders) {
            let _ = self.watcher.unwatch(folder);
        }
        self.folders = self.folders_of(content);
        let mode = if self.folders.is_empty() {
            RecursiveMode::Recursive
        } else {
            RecursiveMode::NonRecursive
        };
        self.watcher.watch(&self.root, mode)?;
        for folder in &self.folders {
            self.watcher.watch(folder, mode)?;
        }
        Ok(())
    }

    fn folders_of(&self, content: &ContentFolder) -> Vec<PathBuf> {
        if content.layout() == Layout::Plain {
            return Vec::new();
        }
        let folders = content.folders().iter().map(|folder| self.root.join(folder));
        folders.filter(|folder| *folder != self.root).collect()
    }
}

/// Returns whether the event is a change. Reading a file is an event, too: without this check, a load would cause the
/// next load.
fn is_change(event: &Event, root: &Path) -> bool {
    let wrote = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    event.need_rescan() || (wrote && event.paths.iter().any(|path| path.starts_with(root)))
}

struct Reloader<N> {
    content: Arc<ContentFolder>,
    watcher: FsWatcher,
    now: N,
    /// When the latest library was made.
    shown: Timestamp,
    libraries: watch::Sender<Arc<Library>>,
}

impl<N: Fn() -> Timestamp> Reloader<N> {
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
                // A file may have come into a new folder before that was watched: read again.
                if self.watcher.folders != self.watcher.folders_of(&self.content) {
                    let _ = self.watcher.watch_content(&self.content);
                    changed.notify_one();
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
        // `ContentFolder::reload` reports a folder that does not exist.
        let _ = self.watcher.watch_content(&self.content);
        let (content, shown) = (self.content.clone(), self.shown);
        match spawn_blocking(move || content.reload(shown)).await {
            Ok(content) => self.content = Arc::new(content),
            Err(error) => tracing::error!(%error, "reading the content folder failed; the last good content stays"),
        }
    }

    /// Sends a new library if it differs from the last one.
    fn publish(&mut self) {
        let now = (self.now)();
        let last = self.libraries.borrow().clone();
        self.shown = now;
        if last.digest == self.content.digest(now) {
            return;
        }
        let library = Arc::new(self.content.library(now));
        log_changes(&library, last.diagnostics(), last.scheduled());
        for solved in last.diagnostics().without(library.diagnostics()) {
            tracing::info!(path = %solved.path.display(), "a content problem is solved: {}", solved.reason);
        }
        self.libraries.send_replace(library);
    }
}

/// Logs how the folder is read.
fn log_layout(content: &ContentFolder) {
    let skipped: usize = content.skipped().iter().map(|skipped| skipped.count).sum();
    tracing::info!(
        folder = %content.root().display(),
        layout = %content.layout(),
        skipped,
        "found the layout of the content folder; `horizon-web check` lists what is skipped"
    );
}

/// Logs the size of a library, and the diagnostics and scheduled files that were not logged before.
fn log_changes(library: &Library, diagnostics: &Diagnostics, scheduled: &[ScheduledFile]) {
    tracing::info!(
        posts = library.posts().len(),
        pages = library.pages().len(),
        scheduled = library.scheduled().len(),
        problems = library.diagnostics().len(),
        "read the content folder"
    );
    for file in library.scheduled().iter().filter(|file| !scheduled.contains(file)) {
        let (path, until) = (file.path.display(), file.until.rfc3339());
        tracing::info!(%path, until, "a content file is scheduled for later");
    }
    library.diagnostics().without(diagnostics).for_each(log_diagnostic);
}

fn log_diagnostic(diagnostic: &Diagnostic) {
    let Diagnostic { path, line, reason, .. } = diagnostic;
    let path = path.display();
    match diagnostic.effect {
        DiagnosticEffect::NotShown => tracing::error!(%path, line, reason, "a content file is not shown"),
        DiagnosticEffect::LastGoodShown => {
            tracing::error!(%path, line, reason, "a content file is broken; its last good version is shown");
        }
        DiagnosticEffect::Shown => {
            tracing::warn!(%path, line, reason, "a content file is shown, but part of it has no effect");
        }
        DiagnosticEffect::Skipped => tracing::info!(%path, line, reason, "a file is not a post"),
        DiagnosticEffect::OtherUrl => tracing::info!(%path, line, reason, "a content file has another URL"),
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, ModifyKind};

    use super::*;

    #[test]
    fn a_load_does_not_trigger_another_load() {
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
