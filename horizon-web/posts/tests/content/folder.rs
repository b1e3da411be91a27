use std::{fs, path::Path};

use horizon_core::Timestamp;
use horizon_posts::{ContentFolder, ContentOptions, Library, SiteInfo, SkipReason};
use tempfile::TempDir;

/// A content folder on disk that is removed at the end of a test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Adds a post with the required front matter.
    pub(crate) fn post(&self, slug: &str, date: &str, body: &str) -> &Self {
        let text = format!("---\ntitle: The {slug}\ndate: {date}\n---\n{body}");
        self.write(&format!("{slug}.md"), text)
    }

    pub(crate) fn content(&self) -> ContentFolder {
        ContentFolder::load(self.path(), &options())
    }

    /// Returns the library at [`now`].
    pub(crate) fn load(&self) -> Library {
        self.content().library(now())
    }

    /// Returns the diagnostics, without the path of the folder.
    pub(crate) fn diagnostics(&self) -> String {
        let all = self.content().diagnostics().to_string();
        all.replace(&format!("{}/", self.path().display()), "")
    }
}

/// Returns the time of a date in front matter.
pub(crate) fn at(date: &str) -> Timestamp {
    let date: horizon_posts::Date = date.parse().unwrap();
    Timestamp::from_millis(date.unix_millis())
}

/// The default time of the tests, after every date in them.
pub(crate) fn now() -> Timestamp {
    at("2027-01-01")
}

pub(crate) fn options() -> ContentOptions {
    ContentOptions {
        base_url: "https://blog.example".into(),
        reserved: &["feed.xml"],
        ..ContentOptions::default()
    }
}

pub(crate) fn site() -> SiteInfo {
    SiteInfo {
        title: "Horizon & co".into(),
        description: "A blog".into(),
        base_url: "https://blog.example/".into(),
        language: "en".into(),
        author: "Ada".into(),
    }
}

/// Returns the HTML of a post with this body.
pub(crate) fn html(body: &str) -> String {
    let folder = Folder::new();
    let library = folder.post("one", "2026-11-23", body).load();
    library.post("one").unwrap().html()
}

/// Returns the slugs of the posts in order.
pub(crate) fn posts(library: &Library) -> Vec<&str> {
    let mut slugs: Vec<&str> = library.posts().iter().map(|post| post.slug.as_str()).collect();
    slugs.sort_unstable();
    slugs
}

pub(crate) fn pages(library: &Library) -> Vec<&str> {
    library.pages().iter().map(|page| page.slug.as_str()).collect()
}

pub(crate) fn skipped(content: &ContentFolder) -> Vec<(SkipReason, usize)> {
    content
        .skipped()
        .iter()
        .map(|skipped| (skipped.reason, skipped.count))
        .collect()
}
