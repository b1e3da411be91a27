//! Finds what readers and authors would trip over.

mod aliases;
mod finding;
mod links;

use std::path::{Path, PathBuf};

use horizon_core::Timestamp;

pub use self::finding::{CheckRule, Finding};
use self::links::LinkChecker;
use crate::{ContentFolder, Layout, ScheduledFile, Severity, SkippedFiles, content_file::ContentFile, parallel};

/// The result of [`ContentFolder::check`].
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The generator for which the folder was made.
    pub layout: Layout,
    /// Everything found, by path and line.
    pub findings: Vec<Finding>,
    /// The number of public posts.
    pub posts: usize,
    /// The number of public pages.
    pub pages: usize,
    /// The number of files that their authors mark as not public.
    pub drafts: usize,
    /// The number of files whose time is over.
    pub expired: usize,
    /// The files whose time has not come, the next first.
    pub scheduled: Vec<ScheduledFile>,
    /// What is not read, by reason.
    pub skipped: Vec<SkippedFiles>,
    /// The public files that earlier versions did not read.
    pub newly_public: Vec<PathBuf>,
}

impl CheckReport {
    /// Returns the number of findings of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|one| one.severity == severity).count()
    }
}

impl ContentFolder {
    /// Checks what readers see now and what becomes public later: renders all these files, follows their links within
    /// the blog and looks for their pictures. Reads no other site, and writes nothing.
    #[must_use]
    pub fn check(&self, now: Timestamp) -> CheckReport {
        let library = self.library(now);
        let is_checked = |file: &&ContentFile| self.is_shown(file, now) || file.publication.due_after(now).is_some();
        let files: Vec<&ContentFile> = self.files().iter().filter(is_checked).collect();
        let checker = LinkChecker::new(self, &library, now);
        let found = parallel::map(&files, |file| findings_in(file, &checker));
        let mut findings: Vec<Finding> = self.diagnostics().iter().map(Finding::from).collect();
        findings.extend(found.into_iter().flatten());
        let shown = files.iter().filter(|file| self.is_shown(file, now));
        findings.extend(shown.flat_map(|file| aliases::findings(file, self, &library)));
        let scheduled = self.scheduled(now);
        findings.extend((library.posts().is_empty() && scheduled.is_empty()).then(|| self.no_posts()));
        findings.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
        let is_draft = |file: &&ContentFile| file.publication.is_draft;
        let drafts = self.files().iter().filter(is_draft).count();
        let public = self
            .files()
            .iter()
            .filter(|file| file.publication.is_public(now))
            .count();
        CheckReport {
            layout: self.layout(),
            findings,
            posts: library.posts().len(),
            pages: library.pages().len(),
            drafts,
            expired: self.files().len().saturating_sub(drafts + public + scheduled.len()),
            scheduled,
            skipped: self.skipped().to_vec(),
            newly_public: self.newly_public(now).into_iter().map(Path::to_owned).collect(),
        }
    }

    fn no_posts(&self) -> Finding {
        let read = self.roots.roots.iter().filter(|root| root.has_documents());
        let read: Vec<String> = read
            .map(|root| self.root().join(&root.path).display().to_string())
            .collect();
        let message = format!(
            "there is no post: the folder was read as a blog of the layout {:?}, with Markdown in {}",
            self.layout().to_string(),
            read.join(", ")
        );
        Finding::new(CheckRule::NoPosts, self.root(), None, message)
    }
}

fn findings_in(file: &ContentFile, checker: &LinkChecker<'_>) -> Vec<Finding> {
    let rendered = file.document.body().rendered();
    let markup = rendered.issues.iter().map(|issue| Finding {
        severity: issue.severity,
        ..Finding::new(CheckRule::Markup, &file.path, issue.line, issue.reason.clone())
    });
    let cover = checker
        .check_cover(file)
        .map(|(rule, message)| Finding::new(rule, &file.path, file.document.cover_line(), message));
    let links = rendered.links.iter().filter_map(|link| {
        let (rule, message) = checker.check(file, link)?;
        Some(Finding::new(rule, &file.path, Some(link.line), message))
    });
    markup.chain(cover).chain(links).collect()
}
