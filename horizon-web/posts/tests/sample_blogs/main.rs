//! The sample blogs of `tests/support/blogs`, as `horizon-web check` and readers see them. Their README has the same as
//! a table.
#![expect(clippy::unwrap_used, reason = "what is not there shall fail the test")]

mod astro;
mod hugo;
mod jekyll;
mod zola;

use std::path::{Path, PathBuf};

use horizon_core::Timestamp;
use horizon_posts::{CheckReport, ContentFolder, ContentOptions, Layout, Library};

/// 2026-11-30.
const NOW: Timestamp = Timestamp::from_millis(1_796_000_000_000);

/// A sample blog.
struct SampleBlog {
    root: PathBuf,
    content: ContentFolder,
    library: Library,
}

impl SampleBlog {
    fn load(name: &str) -> Self {
        // Relative, as on most command lines: tests run in the folder of the crate.
        let root = Path::new("../../tests/support/blogs").join(name);
        let options = ContentOptions {
            reserved: &["blog", "media", "tags"],
            ..ContentOptions::default()
        };
        let content = ContentFolder::load(&root, &options);
        let library = content.library(NOW);
        Self { root, content, library }
    }

    fn layout(&self) -> Layout {
        self.content.layout()
    }

    /// Returns the URL and title of each post, newest first.
    fn posts(&self) -> Vec<(String, &str)> {
        let posts = self.library.posts().iter();
        posts.map(|post| (post.url(), post.title.as_str())).collect()
    }

    /// Returns the URL and title of each page.
    fn pages(&self) -> Vec<(String, &str)> {
        let pages = self.library.pages().iter();
        pages.map(|page| (page.url(), page.title.as_str())).collect()
    }

    fn check(&self) -> CheckReport {
        self.content.check(NOW)
    }

    /// Returns the findings as `path:line rule`, with paths in the folder.
    fn findings(&self) -> Vec<String> {
        let report = self.check();
        let findings = report.findings.iter().map(|finding| {
            let path = finding.path.strip_prefix(&self.root).unwrap().display();
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("{path}{line} {}", finding.rule.name())
        });
        findings.collect()
    }

    /// Asserts where old addresses lead.
    fn assert_redirects(&self, expected: &[(&str, &str)]) {
        for (old, new) in expected {
            assert_eq!(self.library.redirect(old).as_deref(), Some(*new), "{old}");
        }
        assert_eq!(self.library.redirect("/no/such/address/"), None);
    }

    /// Asserts how many files are not public, and that the scheduled one is named.
    fn assert_hidden(&self, drafts: usize, expired: usize, scheduled: &str) {
        let report = self.check();
        assert_eq!((report.drafts, report.expired), (drafts, expired), "{report:#?}");
        let files: Vec<_> = report
            .scheduled
            .iter()
            .map(|file| file.path.strip_prefix(&self.root).unwrap())
            .collect();
        assert_eq!(files, [Path::new(scheduled)]);
    }
}

fn pairs(expected: &[(&'static str, &'static str)]) -> Vec<(String, &'static str)> {
    expected
        .iter()
        .map(|(url, title)| ((*url).to_owned(), *title))
        .collect()
}
