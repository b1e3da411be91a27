use std::{fs, sync::Arc, time::Duration};

use horizon_posts::{ContentFolder, DiagnosticEffect, Library, watch};
use tokio::{
    sync::{oneshot, watch::Receiver},
    task::JoinHandle,
    time::timeout,
};

use crate::folder::{Folder, now, options};

/// The longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watched {
    folder: Folder,
    latest: Receiver<Arc<Library>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watched {
    fn start(folder: Folder) -> Self {
        let content = folder.content();
        Self::start_from(folder, content)
    }

    fn start_from(folder: Folder, content: ContentFolder) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let (latest, run) = watch(content, now, shutdown).unwrap();
        let task = tokio::spawn(run);
        Self {
            folder,
            latest,
            stop,
            task,
        }
    }

    /// Waits until the library fulfils the condition.
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

    /// Waits until the file has a diagnostic with this effect, or none.
    async fn until_problem(&mut self, name: &str, effect: Option<DiagnosticEffect>) {
        self.until(name, |library| {
            let mut diagnostics = library.diagnostics().iter();
            diagnostics
                .find(|diagnostic| diagnostic.path.ends_with(name))
                .map(|diagnostic| diagnostic.effect)
                == effect
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
async fn edited_new_and_removed_posts_are_detected() {
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
async fn a_file_that_is_moved_into_the_folder_is_detected() {
    let mut watched = Watched::start(one());
    watched.folder.write("one.md.tmp", titled("Saved by an editor"));
    let path = |name| watched.folder.path().join(name);
    fs::rename(path("one.md.tmp"), path("one.md")).unwrap();
    watched.until_title("one", "Saved by an editor").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_edit_keeps_the_last_version_and_other_files_are_updated() {
    let mut watched = Watched::start(one());
    watched.folder.write("one.md", "broken").write("two.md", titled("Two"));
    watched.until_title("two", "Two").await;
    watched
        .until_problem("one.md", Some(DiagnosticEffect::LastGoodShown))
        .await;
    watched.until_title("one", "First").await;
    watched.folder.write("one.md", titled("Mended"));
    watched.until_title("one", "Mended").await;
    watched.until_problem("one.md", None).await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_keeps_all_posts_and_pages() {
    let folder = Folder::new();
    folder
        .write("blog/one.md", titled("First"))
        .write("blog/README.md", titled("A post by its front matter"))
        .write("blog/pages/about.md", titled("About"));
    let root = folder.path().join("blog");
    let mut watched = Watched::start_from(folder, ContentFolder::load(&root, &options()));
    fs::rename(&root, root.with_extension("old")).unwrap();
    watched
        .until_problem("blog", Some(DiagnosticEffect::LastGoodShown))
        .await;
    let library = watched.latest.borrow().clone();
    assert!(library.posts().len() == 2 && library.page("about").is_some());
    fs::rename(root.with_extension("old"), &root).unwrap();
    watched.until_problem("blog", None).await;
    watched.folder.write("blog/README.md", "no front matter any more");
    watched
        .until_problem("README.md", Some(DiagnosticEffect::LastGoodShown))
        .await;
    assert_eq!(watched.latest.borrow().posts().len(), 2);
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_file_keeps_its_last_version() {
    let mut watched = Watched::start(one());
    for bad in [&b"---\ntitle: x\nda\xffte"[..], &[b'x'; (1 << 20) + 1], b""] {
        watched.folder.write("one.md", bad);
        watched
            .until_problem("one.md", Some(DiagnosticEffect::LastGoodShown))
            .await;
        watched.until_title("one", "First").await;
    }
    let path = watched.folder.path().join("one.md");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("nowhere.md", &path).unwrap();
    watched
        .until("a dangling link", |library| {
            library
                .diagnostics()
                .to_string()
                .contains("one.md: the file cannot be read")
        })
        .await;
    watched.until_title("one", "First").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_edit_that_withdraws_a_post_removes_it() {
    for edit in [
        "---\ntitle: x\ndate: 2026-11-23\ndraft: true\n---\n",
        "---\ntitle: x\ndate: 2026-11-23\ndraft: maybe\n---\n",
        "---\ntitle: x\ndate: never\ndraft: true\n---\n",
        "---\ntitle: a: b\ndate: 2026-11-23\nDraft: \"true\" # not yet\n---\n",
        "---\ntitle: a: b\ndate: 2026-11-23\npublished: false\n---\n",
        "---\ntitle: x\n draft: true\ndate: 2026-11-23\n---\n",
        "---\ntitle: x\ndate: 2026-11-23\ndraft: true\n\nNo end.\n",
        "---\ndate: 2026-11-23\nupdated: 2026-11-24\nvisibility: private\n---\n",
        "---\ndate: 2099-01-01\n---\nNo title.\n",
        "---\ntitle: a: b\ndate: 2099-01-01\n---\n",
    ] {
        let mut watched = Watched::start(one());
        watched.folder.write("one.md", edit);
        watched.until(edit, |library| library.post("one").is_none()).await;
        // A withdrawn post does not reappear with the next error.
        watched.folder.write("one.md", "broken").write("two.md", titled("Two"));
        watched.until_title("two", "Two").await;
        watched.until_problem("one.md", Some(DiagnosticEffect::NotShown)).await;
        assert!(watched.latest.borrow().post("one").is_none(), "{edit}");
        watched.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_edit_publishes_no_draft_or_scheduled_post() {
    let folder = one();
    folder
        .write("draft.md", "---\ntitle: x\ndate: 2026-11-23\ndraft: true\n---\n")
        .post("waiting", "2099-01-01", "");
    let mut watched = Watched::start(folder);
    for name in ["draft", "waiting"] {
        watched.folder.write(&format!("{name}.md"), "broken");
        watched
            .until_problem(&format!("{name}.md"), Some(DiagnosticEffect::NotShown))
            .await;
        assert!(watched.latest.borrow().post(name).is_none());
    }
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_the_first_load_and_the_watch_is_detected() {
    let folder = one();
    let first = folder.content();
    folder.write("one.md", titled("In between"));
    let mut watched = Watched::start_from(folder, first);
    watched.until_title("one", "In between").await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_folder_is_detected() {
    let above = Folder::new();
    above
        .write("content/one.md", titled("First"))
        .write("next/one.md", titled("Deployed"));
    let root = above.path().join("content");
    let first = ContentFolder::load(&root, &options());
    let (stop, stopped) = oneshot::channel::<()>();
    let (mut latest, run) = watch(first, now, async {
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
    let missing = ContentFolder::load(&folder.path().join("missing"), &options());
    let error = watch(missing, now, std::future::pending()).err().unwrap();
    assert!(error.to_string().ends_with("missing"), "{error}");
}

#[tokio::test]
async fn changes_in_all_folders_of_a_project_are_detected() {
    let folder = Folder::new();
    let post = |title: &str| format!("---\ntitle: {title}\ndate: 2026-11-23\n---\n");
    folder
        .write("hugo.toml", "")
        .write("node_modules/x/y/z.txt", "")
        .write("content/posts/one.md", post("One"));
    let mut watched = Watched::start(folder);
    watched.folder.write("content/posts/one.md", post("Changed"));
    watched.until_title("one", "Changed").await;
    watched.folder.write("content/posts/2026/trip/index.md", post("Trip"));
    watched.until_title("trip", "Trip").await;
    watched.folder.write("content/posts/2026/trip/sea.jpg", "jpeg");
    watched
        .until("sea.jpg", |library| {
            library.file("/media/posts/2026/trip/sea.jpg").is_some()
        })
        .await;
    watched.folder.write("static/icons/favicon.ico", "icon");
    watched
        .until("favicon.ico", |library| library.file("/icons/favicon.ico").is_some())
        .await;
    watched.folder.write("content/posts/2026/trip/index.md", post("A trip"));
    watched.until_title("trip", "A trip").await;
}
