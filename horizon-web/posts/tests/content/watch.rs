use std::{fs, sync::Arc, time::Duration};

use horizon_posts::{Library, watch};
use tokio::{
    sync::{oneshot, watch::Receiver},
    task::JoinHandle,
    time::timeout,
};

use crate::folder::{Folder, options};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watched {
    folder: Folder,
    latest: Receiver<Arc<Library>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watched {
    fn start(folder: Folder) -> Self {
        let first = Arc::new(folder.load().unwrap());
        Self::start_from(folder, first)
    }

    fn start_from(folder: Folder, first: Arc<Library>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let (latest, run) = watch(folder.path().to_owned(), options(), first, shutdown).unwrap();
        let task = tokio::spawn(run);
        Self {
            folder,
            latest,
            stop,
            task,
        }
    }

    /// Waits until the library is as it should be.
    async fn until(&mut self, what: &str, is_so: impl FnMut(&Arc<Library>) -> bool) {
        timeout(PATIENCE, self.latest.wait_for(is_so))
            .await
            .expect(what)
            .unwrap();
    }

    async fn until_title(&mut self, slug: &str, title: &str) {
        self.until(title, |library| {
            library.post(slug).is_some_and(|post| post.title == title)
        })
        .await;
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.task).await.expect("the task ends").unwrap();
    }
}

fn titled(title: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2026-11-23\n---\n")
}

fn one() -> Folder {
    let folder = Folder::new();
    folder.write("one.md", titled("First"));
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_a_new_and_a_removed_post_are_seen() {
    let mut watched = Watched::start(one());
    watched.folder.write("one.md", titled("Edited"));
    watched.until_title("one", "Edited").await;
    watched.folder.write("two.md", titled("New"));
    watched.until_title("two", "New").await;
    watched.folder.write("pages/about.md", titled("About"));
    watched
        .until("a page in a new folder", |library| library.page("about").is_some())
        .await;
    fs::remove_file(watched.folder.path().join("one.md")).unwrap();
    watched.until("removed", |library| library.post("one").is_none()).await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_moved_into_place_is_seen() {
    let mut watched = Watched::start(one());
    watched.folder.write("one.md.tmp", titled("Saved by an editor"));
    let path = |name| watched.folder.path().join(name);
    fs::rename(path("one.md.tmp"), path("one.md")).unwrap();
    watched.until_title("one", "Saved by an editor").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_leaves_the_last_good_library() {
    let mut watched = Watched::start(one());
    watched.folder.write("one.md", "broken");
    // Nothing can be waited for here: that a later good file is the next that is seen is the proof.
    watched.folder.write("two.md", titled("Two"));
    let before = watched.latest.borrow().clone();
    assert!(before.post("one").is_some_and(|post| post.title == "First"));
    watched.folder.write("one.md", titled("Mended"));
    watched.until_title("one", "Mended").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_the_first_load_and_the_watch_is_seen() {
    let folder = one();
    let first = Arc::new(folder.load().unwrap());
    folder.write("one.md", titled("In between"));
    let mut watched = Watched::start_from(folder, first);
    watched.until_title("one", "In between").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_replaced_as_a_whole_is_seen() {
    let above = Folder::new();
    above
        .write("content/one.md", titled("First"))
        .write("next/one.md", titled("Deployed"));
    let root = above.path().join("content");
    let first = Arc::new(Library::load(&root, &options()).unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let (mut latest, run) = watch(root.clone(), options(), first, async {
        stopped.await.unwrap_or_default();
    })
    .unwrap();
    let task = tokio::spawn(run);
    fs::rename(&root, above.path().join("last")).unwrap();
    fs::rename(above.path().join("next"), &root).unwrap();
    let title = |latest: &Arc<Library>, title: &str| latest.post("one").is_some_and(|post| post.title == title);
    timeout(PATIENCE, latest.wait_for(|library| title(library, "Deployed")))
        .await
        .unwrap()
        .unwrap();
    above.write("content/one.md", titled("Edited there"));
    timeout(PATIENCE, latest.wait_for(|library| title(library, "Edited there")))
        .await
        .unwrap()
        .unwrap();
    stop.send(()).unwrap();
    timeout(PATIENCE, task).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_does_not_exist_cannot_be_watched() {
    let folder = Folder::new();
    let library = Arc::new(folder.load().unwrap());
    let missing = folder.path().join("missing");
    let error = watch(missing, options(), library, std::future::pending())
        .err()
        .unwrap();
    assert!(error.to_string().ends_with("missing cannot be watched"), "{error}");
}
