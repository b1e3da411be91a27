//! All files of the folder, and which of them are public at a given time.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use horizon_core::{Slug, Timestamp};

use crate::{
    Date, Diagnostic, DiagnosticEffect, Diagnostics, Library, Severity,
    body::RenderContext,
    content_index::ContentIndex,
    front_matter::{FileIssue, Publication},
    parallel,
    parse::{self, ParsedDocument, ParsedFile},
    source::{self, FileKind, SourceFile},
};

/// How the folder is read.
#[derive(Clone, Debug, Default)]
pub struct ContentOptions {
    /// Include drafts and files whose date is in the future.
    pub drafts: bool,
    /// Pass HTML in Markdown through. Otherwise it is shown as text.
    pub raw_html: bool,
    /// The blog's own URL, such as `https://blog.example`; links to it are not external.
    pub base_url: String,
    /// First path segments of the server's own URLs, such as `feed.xml`. A page cannot have one of them as its slug.
    pub reserved: &'static [&'static str],
}

/// The content folder as last read. [`library`](Self::library) returns what is public at a given time.
///
/// A broken file is one of the [`diagnostics`](Self::diagnostics) and does not affect other files.
#[derive(Clone, Debug)]
pub struct ContentFolder {
    root: PathBuf,
    options: ContentOptions,
    files: Vec<ContentFile>,
    diagnostics: Diagnostics,
    /// The times at which a file becomes public, expires or counts as updated, in order.
    change_times: Vec<Timestamp>,
    /// A hash of all files.
    digest: u64,
}

/// A file without errors.
#[derive(Clone, Debug)]
struct ContentFile {
    path: PathBuf,
    kind: FileKind,
    document: ParsedDocument,
    publication: Publication,
}

/// A post or page whose date is in the future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledFile {
    /// The file.
    pub path: PathBuf,
    /// Its title.
    pub title: String,
    /// When it becomes public.
    pub until: Date,
}

impl ContentFolder {
    /// Reads the folder; documents are rendered on first use. Blocks on the disk: call it from a blocking thread.
    #[must_use]
    pub fn load(root: &Path, options: &ContentOptions) -> Self {
        Loader::new(options, None).load(root)
    }

    /// Reads the folder again. A file that was public at `shown` and is broken now keeps its last good version, unless
    /// the broken version still says that it is not public.
    pub(crate) fn reload(&self, shown: Timestamp) -> Self {
        Loader::new(&self.options, Some((self, shown))).load(&self.root)
    }

    /// Returns the errors, warnings and notes about the files.
    #[must_use]
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Returns whether there are errors and no post or page can be read.
    #[must_use]
    pub fn is_all_broken(&self) -> bool {
        self.files.is_empty() && !self.diagnostics.at_least(Severity::Error).is_empty()
    }

    /// Returns what is public at that time.
    #[must_use]
    pub fn library(&self, now: Timestamp) -> Library {
        let (mut posts, mut pages) = (Vec::new(), Vec::new());
        for file in self.files.iter().filter(|file| self.is_shown(file, now)) {
            let mut document = file.document.clone();
            // Feeds and the sitemap leave drafts out. A future update would make feeds newer than later posts.
            let updated = document.updated().filter(|updated| updated.timestamp() <= now);
            document.set_state(!file.publication.is_public(now), updated);
            match document {
                ParsedDocument::Post(post) => posts.push(post),
                ParsedDocument::Page(page) => pages.push(page),
            }
        }
        Library::new(posts, pages, self, now)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the files that become public after that time, the next first.
    pub(crate) fn scheduled(&self, now: Timestamp) -> Vec<ScheduledFile> {
        let hidden = self.files.iter().filter(|file| !self.is_shown(file, now));
        let scheduled = hidden.filter_map(|file| {
            Some(ScheduledFile {
                until: file.publication.due_after(now)?,
                path: file.path.clone(),
                title: file.document.title().to_owned(),
            })
        });
        let mut scheduled: Vec<ScheduledFile> = scheduled.collect();
        scheduled.sort_by(|a, b| (a.until, &a.path).cmp(&(b.until, &b.path)));
        scheduled
    }

    /// Returns a hash of the files and of which of them are public.
    pub(crate) fn digest(&self, now: Timestamp) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.digest, self.passed_changes(now)).hash(&mut hasher);
        hasher.finish()
    }

    /// Returns when the library next changes without a change of a file.
    pub(crate) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.change_times.get(self.passed_changes(now)).copied()
    }

    fn passed_changes(&self, now: Timestamp) -> usize {
        self.change_times.partition_point(|time| *time <= now)
    }

    fn is_shown(&self, file: &ContentFile, now: Timestamp) -> bool {
        self.options.drafts || file.publication.is_public(now)
    }
}

/// The state of one load of the folder.
struct Loader<'a> {
    options: &'a ContentOptions,
    /// The previous content, and when it was last shown.
    previous: Option<(&'a ContentFolder, Timestamp)>,
    files: Vec<ContentFile>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Loader<'a> {
    fn new(options: &'a ContentOptions, previous: Option<(&'a ContentFolder, Timestamp)>) -> Self {
        Self {
            options,
            previous,
            files: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn load(mut self, root: &Path) -> ContentFolder {
        let mut sources = Vec::new();
        let mut hasher = DefaultHasher::new();
        for folder in source::read_all(root) {
            folder.hash(&mut hasher);
            match folder.sources {
                Ok(files) => sources.extend(files),
                Err(reason) => self.keep_folder(&folder.path, folder.kind, reason),
            }
        }
        let digest = hasher.finish();
        if let Some((previous, _)) = self.previous.filter(|(previous, _)| previous.digest == digest) {
            return previous.clone();
        }
        self.skip_repository_files(&mut sources);
        for (source, parsed) in sources.iter().zip(parallel::parse_all(&sources, root)) {
            self.add(source, parsed);
        }
        self.reject_reserved_slugs();
        self.reject_duplicate_slugs();
        self.connect(root);
        ContentFolder {
            root: root.to_owned(),
            options: self.options.clone(),
            change_times: change_times(&self.files),
            files: self.files,
            diagnostics: self.diagnostics.into_iter().collect(),
            digest,
        }
    }

    /// Gives each document what it needs to be rendered.
    fn connect(&self, root: &Path) {
        let documents = self.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(root).ok()?;
            Some((path.to_owned(), file.document.url_path()))
        });
        let context = Arc::new(RenderContext {
            options: self.options.clone(),
            index: ContentIndex::new(documents),
        });
        for file in &self.files {
            file.document.body().set_context(&context);
        }
    }

    fn report(&mut self, path: &Path, effect: DiagnosticEffect, reason: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(path, None, effect, reason));
    }

    /// Returns the files of that kind that were shown before.
    fn previously_shown(&self, kind: FileKind) -> impl Iterator<Item = &'a ContentFile> + use<'a> {
        self.previous.into_iter().flat_map(move |(content, shown)| {
            let files = content.files.iter().filter(move |file| file.kind == kind);
            files.filter(move |file| content.is_shown(file, shown))
        })
    }

    /// Keeps the files of a folder that can no longer be read.
    fn keep_folder(&mut self, path: &Path, kind: FileKind, reason: String) {
        let files: Vec<ContentFile> = self.previously_shown(kind).cloned().collect();
        let effect = if files.is_empty() {
            DiagnosticEffect::NotShown
        } else {
            DiagnosticEffect::LastGoodShown
        };
        self.report(path, effect, reason);
        self.files.extend(files);
    }

    fn skip_repository_files(&mut self, sources: &mut Vec<SourceFile>) {
        let shown: HashSet<&Path> = [FileKind::Post, FileKind::Page]
            .into_iter()
            .flat_map(|kind| self.previously_shown(kind))
            .map(|file| file.path.as_path())
            .collect();
        let is_skipped =
            |source: &mut SourceFile| parse::is_repository_file(source) && !shown.contains(source.path.as_path());
        for skipped in sources.extract_if(.., is_skipped) {
            self.report(
                &skipped.path,
                DiagnosticEffect::Skipped,
                "skipped: the file has no front matter",
            );
        }
    }

    fn add(&mut self, source: &SourceFile, parsed: ParsedFile) {
        let last_good = match &parsed.document {
            Some(_) => None,
            None => self.last_good(source, &parsed),
        };
        let effect = |issue: &FileIssue| match issue.severity {
            Severity::Error if last_good.is_some() => DiagnosticEffect::LastGoodShown,
            Severity::Error => DiagnosticEffect::NotShown,
            Severity::Warning | Severity::Note => DiagnosticEffect::Shown,
        };
        let diagnostic = |issue: FileIssue| Diagnostic::new(&source.path, issue.line, effect(&issue), issue.reason);
        self.diagnostics.extend(parsed.issues.into_iter().map(diagnostic));
        let file = |document| ContentFile {
            path: source.path.clone(),
            kind: source.kind,
            document,
            publication: parsed.publication,
        };
        self.files.extend(parsed.document.map(file).or(last_good));
    }

    /// Returns the version of a broken file that stays shown.
    fn last_good(&self, source: &SourceFile, broken: &ParsedFile) -> Option<ContentFile> {
        let (_, shown) = self.previous?;
        let mut candidates = self.previously_shown(source.kind);
        let file = candidates.find(|file| file.path == source.path)?;
        (self.options.drafts || broken.publication.is_public(shown)).then(|| file.clone())
    }

    fn reject_reserved_slugs(&mut self) {
        let reserved = self.options.reserved;
        let is_reserved =
            |file: &mut ContentFile| file.kind == FileKind::Page && reserved.contains(&file.document.slug().as_str());
        let rejected: Vec<ContentFile> = self.files.extract_if(.., is_reserved).collect();
        for file in rejected {
            let reason = format!(
                "the URL /{} is reserved; give the page another slug",
                file.document.slug()
            );
            self.report(&file.path, DiagnosticEffect::NotShown, reason);
        }
    }

    /// If several files have the same slug, keeps the one that becomes public first; if they become public at the same
    /// time, the first by path. Drafts come last: a draft never replaces a public post, but the conflict is reported
    /// before the draft is published.
    fn reject_duplicate_slugs(&mut self) {
        let order = |file: &ContentFile| (file.publication.is_draft, file.publication.from, file.path.clone());
        self.files.sort_by_cached_key(order);
        let mut paths: HashMap<(FileKind, Slug), PathBuf> = HashMap::new();
        for file in std::mem::take(&mut self.files) {
            let slug = file.document.slug().clone();
            if let Some(other) = paths.get(&(file.kind, slug.clone())) {
                let reason = format!("the slug \"{slug}\" is already used by {}", other.display());
                self.report(&file.path, DiagnosticEffect::NotShown, reason);
            } else {
                paths.insert((file.kind, slug), file.path.clone());
                self.files.push(file);
            }
        }
    }
}

fn change_times(files: &[ContentFile]) -> Vec<Timestamp> {
    let dates = files.iter().flat_map(|file| {
        let publication = file.publication;
        [publication.from, publication.until, file.document.updated()]
    });
    let mut times: Vec<Timestamp> = dates.flatten().map(|date| date.timestamp()).collect();
    times.sort_unstable();
    times
}
