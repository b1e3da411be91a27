//! All files of the folder, and which of them are public at a given time.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use horizon_core::Timestamp;

use crate::{
    ContentOptions, Diagnostic, DiagnosticEffect, Diagnostics, Layout, Library, MarkdownPage, Post, Preview, Severity,
    SkipReason, SkippedFiles,
    body::RenderContext,
    connect::{self, DocumentIndexer, PreviousDocuments},
    content_file::{self, ContentFile, ScheduledFile},
    date,
    file_role::{self, SkippedRoles},
    folder_rules,
    folder_tree::{FolderTree, MAX_ENTRIES},
    front_matter::FileIssue,
    layout::LayoutRoots,
    parallel,
    parse::{self, ParseContext, ParsedDocument, ParsedFile},
    redirects::Redirects,
    site_files::SiteFiles,
    slug_conflicts,
    source::{self, FileKind, SourceFile},
};

/// The content folder as last read. [`library`](Self::library) returns what is public at a given time.
///
/// A broken file is one of the [`diagnostics`](Self::diagnostics) and does not affect other files.
#[derive(Clone, Debug)]
pub struct ContentFolder {
    root: PathBuf,
    options: ContentOptions,
    pub(crate) roots: LayoutRoots,
    files: Vec<ContentFile>,
    site_files: Arc<SiteFiles>,
    /// The paths in the folder of the folders that were read.
    folders: Vec<PathBuf>,
    skipped: Vec<SkippedFiles>,
    diagnostics: Diagnostics,
    /// The times at which a file becomes public, expires or counts as updated, in order.
    change_times: Vec<Timestamp>,
    /// A hash of all files.
    digest: u64,
    context: Arc<RenderContext>,
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

    /// Returns whether a post is public at that time.
    #[must_use]
    pub fn has_posts(&self, now: Timestamp) -> bool {
        let mut shown = self.files.iter().filter(|file| self.is_shown(file, now));
        shown.any(|file| matches!(file.document, ParsedDocument::Post(_)))
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

    /// Returns the paths in the folder of the folders that were read.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Returns the layout of the folder.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.roots.layout
    }

    /// Returns what is not read, by reason.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedFiles] {
        &self.skipped
    }

    /// Returns the posts and pages that are public at that time and that earlier versions did not read.
    #[must_use]
    pub fn newly_public(&self, now: Timestamp) -> Vec<&Path> {
        let files = self.files.iter();
        let files = files.filter(|file| file.is_new && file.publication.is_public(now));
        files.map(|file| file.path.as_path()).collect()
    }

    /// Returns the old addresses of documents and lists, and the files that are public with the documents.
    pub(crate) fn shown_with(&self, posts: &[Arc<Post>], pages: &[Arc<MarkdownPage>]) -> (Redirects, SiteFiles) {
        connect::shown_with(&self.roots, &self.options, &self.site_files, posts, pages)
    }

    pub(crate) fn options(&self) -> &ContentOptions {
        &self.options
    }

    pub(crate) fn files(&self) -> &[ContentFile] {
        &self.files
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

    /// Returns the documents that are not public at that time, newest first.
    pub(crate) fn previews(&self, now: Timestamp) -> Vec<Preview> {
        content_file::previews(self.files.iter().filter(|file| !self.is_shown(file, now)), now)
    }

    /// Returns a hash of the files and of which of them are public.
    pub(crate) fn digest(&self, now: Timestamp) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((self.digest, self.passed_changes(now)))
    }

    /// Returns when the library next changes without a change of a file.
    pub(crate) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.change_times.get(self.passed_changes(now)).copied()
    }

    fn passed_changes(&self, now: Timestamp) -> usize {
        self.change_times.partition_point(|time| *time <= now)
    }

    pub(crate) fn is_shown(&self, file: &ContentFile, now: Timestamp) -> bool {
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
        let roots = LayoutRoots::detect(root);
        let mut tree = FolderTree::list(root, &roots);
        let mut sources = source::read_all(root, &tree.documents, &mut tree.skipped);
        let digest = digest(&roots, &tree, &sources);
        if let Some((previous, _)) = self.previous.filter(|(previous, _)| previous.digest == digest) {
            return previous.clone();
        }
        self.keep_folders(root, &tree, &sources);
        self.diagnostics
            .extend(folder_rules::unclear_rules(root, &roots, &tree));
        self.skip_files_without_front_matter(&mut sources, &mut tree);
        self.parse(root, &roots, &sources, &mut tree);
        self.reject_reserved_slugs();
        self.reject_duplicate_slugs(root);
        let (documents, reserved, skipped) = (&tree.documents, self.options.reserved, &mut tree.skipped);
        let site_files = Arc::new(SiteFiles::new(tree.files, documents, &roots, reserved, skipped));
        if tree.skipped.has(SkipReason::TooMany) {
            let reason = format!("the folder has more than {MAX_ENTRIES} files; the rest is not read");
            self.report(root, DiagnosticEffect::NotShown, reason);
        }
        let indexer = DocumentIndexer {
            roots: &roots,
            options: self.options,
            site_files: &site_files,
        };
        let previous = self.previous.map(|(content, _)| PreviousDocuments {
            context: &content.context,
            bodies: content.files.iter().map(|file| file.document.body()).collect(),
        });
        let context = indexer.connect(self.files.iter_mut().map(|file| &mut file.document), previous);
        ContentFolder {
            root: root.to_owned(),
            options: self.options.clone(),
            roots,
            change_times: content_file::change_times(&self.files),
            files: self.files,
            site_files,
            folders: tree.folders,
            skipped: tree.skipped.into_list(),
            diagnostics: self.diagnostics.into_iter().collect(),
            digest,
            context,
        }
    }

    fn report(&mut self, path: &Path, effect: DiagnosticEffect, reason: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(path, None, effect, reason));
    }

    /// Returns the files that were shown before.
    fn previously_shown(&self) -> impl Iterator<Item = &'a ContentFile> + use<'a> {
        self.previous.into_iter().flat_map(|(content, shown)| {
            let files = content.files.iter();
            files.filter(move |file| content.is_shown(file, shown))
        })
    }

    /// Keeps the files of folders that can no longer be read.
    fn keep_folders(&mut self, root: &Path, tree: &FolderTree, sources: &[SourceFile]) {
        let read: HashSet<&Path> = sources.iter().map(|source| source.path.as_path()).collect();
        for (path, error) in &tree.unreadable {
            // Without a trailing slash.
            let path = if path.as_os_str().is_empty() {
                root.to_owned()
            } else {
                root.join(path)
            };
            let lost = self.previously_shown();
            let lost = lost.filter(|file| file.path.starts_with(&path) && !read.contains(file.path.as_path()));
            let files: Vec<ContentFile> = lost.cloned().collect();
            let effect = if files.is_empty() {
                DiagnosticEffect::NotShown
            } else {
                DiagnosticEffect::LastGoodShown
            };
            self.report(&path, effect, format!("the folder cannot be read: {error}"));
            self.files.extend(files);
        }
    }

    /// Skips files that are not meant to be posts, unless they were shown before.
    fn skip_files_without_front_matter(&mut self, sources: &mut Vec<SourceFile>, tree: &mut FolderTree) {
        let shown: HashSet<&Path> = self.previously_shown().map(|file| file.path.as_path()).collect();
        let is_skipped = |source: &mut SourceFile| {
            (source.found.is_optional || parse::is_repository_name(&source.path))
                && parse::has_no_front_matter(source)
                && !shown.contains(source.path.as_path())
        };
        for skipped in sources.extract_if(.., is_skipped) {
            tree.skipped.add(SkipReason::NoFrontMatter, &skipped.found.path);
            if !skipped.found.is_optional {
                let reason = "skipped: the file has no front matter";
                self.report(&skipped.path, DiagnosticEffect::Skipped, reason);
            }
        }
    }

    /// Adds the files that are documents, not those that the generator or its theme uses for something else.
    fn parse(&mut self, root: &Path, roots: &LayoutRoots, sources: &[SourceFile], tree: &mut FolderTree) {
        let context = ParseContext {
            layout: roots.layout,
            zone: date::zone(&self.options.time_zone),
        };
        let files = sources.iter().zip(parallel::parse_all(sources, &context)).collect();
        let shown: HashSet<&Path> = self.previously_shown().map(|file| file.path.as_path()).collect();
        let SkippedRoles { kept, notes } = file_role::skip(files, roots, &shown, &mut tree.skipped);
        for (path, reason) in notes {
            self.report(&root.join(path), DiagnosticEffect::Skipped, reason);
        }
        for (source, parsed) in kept {
            self.add(source, parsed);
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
        let mut publication = parsed.publication;
        publication.is_draft |= source.found.is_draft;
        let file = |document| ContentFile {
            path: source.path.clone(),
            document,
            publication,
            is_translation: source
                .found
                .language
                .as_ref()
                .is_some_and(|of_path| of_path.language.is_some()),
            name: (!parsed.has_own_slug).then(|| source.found.name.clone()),
            is_new: source.found.is_optional,
        };
        self.files.extend(parsed.document.map(file).or(last_good));
    }

    /// Returns the version of a broken file that stays shown.
    fn last_good(&self, source: &SourceFile, broken: &ParsedFile) -> Option<ContentFile> {
        let (_, shown) = self.previous?;
        let mut candidates = self.previously_shown();
        let file = candidates.find(|file| file.path == source.path)?;
        (self.options.drafts || broken.publication.is_public(shown)).then(|| file.clone())
    }

    fn reject_reserved_slugs(&mut self) {
        let reserved = self.options.reserved;
        let is_reserved = |file: &mut ContentFile| {
            file.document.kind() == FileKind::Page && reserved.contains(&file.document.slug().as_str())
        };
        let rejected: Vec<ContentFile> = self.files.extract_if(.., is_reserved).collect();
        for file in rejected {
            let reason = format!(
                "the URL /{} is reserved; give the page another slug",
                file.document.slug()
            );
            self.report(&file.path, DiagnosticEffect::NotShown, reason);
        }
    }

    fn reject_duplicate_slugs(&mut self, root: &Path) {
        let (files, diagnostics) = slug_conflicts::resolve(std::mem::take(&mut self.files), root);
        self.files = files;
        self.diagnostics.extend(diagnostics);
    }
}

/// Returns a hash of everything that was read.
fn digest(roots: &LayoutRoots, tree: &FolderTree, sources: &[SourceFile]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (roots.layout, &roots.config, sources).hash(&mut hasher);
    for file in &tree.files {
        (&file.path, file.metadata.len(), file.metadata.modified().ok()).hash(&mut hasher);
    }
    for (path, error) in &tree.unreadable {
        (path, error.to_string()).hash(&mut hasher);
    }
    tree.folders.hash(&mut hasher);
    hasher.finish()
}
