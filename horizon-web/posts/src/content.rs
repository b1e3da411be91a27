//! All files of the folder, public or not, and which of them are public at a given time.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use horizon_core::{Slug, Timestamp};

use crate::{
    Date, Effect, Library, Options, Problem, Problems, Severity,
    document::{self, Document, Reading},
    front_matter::{Fault, Publication},
    library::Shown,
    load,
    source::{self, Role, Source},
};

/// The content folder as it was last read. [`library`](Self::library) returns what is public at a given time.
///
/// A broken file is one of the [`problems`](Self::problems) and does not affect other files.
#[derive(Clone, Debug)]
pub struct Content {
    root: PathBuf,
    options: Options,
    files: Vec<File>,
    problems: Problems,
    /// The times at which a file becomes public, expires or counts as updated, in order.
    moments: Vec<Timestamp>,
    /// Changes with anything in the files.
    digest: u64,
}

/// A file that could be read.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    role: Role,
    document: Document,
    publication: Publication,
}

/// A post or page that is not public before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The file.
    pub path: PathBuf,
    /// Its title.
    pub title: String,
    /// When it becomes public.
    pub until: Date,
}

impl Content {
    /// Reads and renders the folder.
    ///
    /// It blocks on the disk: call it from a blocking thread.
    #[must_use]
    pub fn load(root: &Path, options: &Options) -> Self {
        Reader::new(options, None).read(root)
    }

    /// Reads the folder again. A file that was public at `shown` and is broken now keeps its last good version, unless
    /// the broken version still says that it is not public.
    pub(crate) fn load_again(&self, shown: Timestamp) -> Self {
        Reader::new(&self.options, Some((self, shown))).read(&self.root)
    }

    /// Returns what is wrong with the files.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Returns whether there are errors and not a single readable post or page.
    #[must_use]
    pub fn is_all_broken(&self) -> bool {
        self.files.is_empty() && !self.problems.at_least(Severity::Error).is_empty()
    }

    /// Returns what is public at that time.
    #[must_use]
    pub fn library(&self, now: Timestamp) -> Library {
        let mut shown = Shown::default();
        for file in self.files.iter().filter(|file| self.is_shown(file, now)) {
            // Feeds and the sitemap leave out what is shown only because drafts are.
            let is_draft = !file.publication.is_public(now);
            match file.document.clone() {
                Document::Post(mut post) => {
                    if post.draft != is_draft {
                        Arc::make_mut(&mut post).draft = is_draft;
                    }
                    shown.posts.push(post);
                }
                Document::Page(mut page) => {
                    if page.draft != is_draft {
                        Arc::make_mut(&mut page).draft = is_draft;
                    }
                    shown.pages.push(page);
                }
            }
        }
        Library::new(shown, self, now)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns what becomes public after that time, the next first.
    pub(crate) fn waiting(&self, now: Timestamp) -> Vec<Waiting> {
        let hidden = self.files.iter().filter(|file| !self.is_shown(file, now));
        let waiting = hidden.filter_map(|file| {
            Some(Waiting {
                until: file.publication.due_after(now)?,
                path: file.path.clone(),
                title: file.document.title().to_owned(),
            })
        });
        let mut waiting: Vec<Waiting> = waiting.collect();
        waiting.sort_by(|a, b| (a.until, &a.path).cmp(&(b.until, &b.path)));
        waiting
    }

    /// Returns a number that changes with the files and with which of them are public.
    pub(crate) fn digest(&self, now: Timestamp) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.digest, self.passed(now)).hash(&mut hasher);
        hasher.finish()
    }

    /// Returns when the library changes next without a change of a file.
    pub(crate) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.moments.get(self.passed(now)).copied()
    }

    fn passed(&self, now: Timestamp) -> usize {
        self.moments.partition_point(|moment| *moment <= now)
    }

    fn is_shown(&self, file: &File, now: Timestamp) -> bool {
        self.options.drafts || file.publication.is_public(now)
    }
}

/// Reads the folder once.
struct Reader<'a> {
    options: &'a Options,
    /// The previous content, and when it was last shown.
    before: Option<(&'a Content, Timestamp)>,
    files: Vec<File>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn new(options: &'a Options, before: Option<(&'a Content, Timestamp)>) -> Self {
        Self {
            options,
            before,
            files: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn read(mut self, root: &Path) -> Content {
        let mut sources = Vec::new();
        let mut hasher = DefaultHasher::new();
        for folder in source::read_all(root) {
            folder.hash(&mut hasher);
            match folder.sources {
                Ok(some) => sources.extend(some),
                Err(reason) => self.keep_folder(&folder.path, folder.role, reason),
            }
        }
        self.skip_what_is_no_post(&mut sources);
        for (source, reading) in sources.iter().zip(load::read_all(&sources, self.options)) {
            self.take(source, reading);
        }
        self.refuse_reserved_slugs();
        self.refuse_slugs_that_are_taken();
        Content {
            root: root.to_owned(),
            options: self.options.clone(),
            moments: moments(&self.files),
            files: self.files,
            problems: Problems::new(self.problems),
            digest: hasher.finish(),
        }
    }

    /// Returns the files of that role that were shown before.
    fn shown_before(&self, role: Role) -> impl Iterator<Item = &'a File> + use<'a> {
        let before = self.before.into_iter();
        before.flat_map(move |(content, shown)| {
            let files = content.files.iter().filter(move |file| file.role == role);
            files.filter(move |file| content.is_shown(file, shown))
        })
    }

    fn keep_folder(&mut self, path: &Path, role: Role, reason: String) {
        let kept: Vec<File> = self.shown_before(role).cloned().collect();
        let effect = if kept.is_empty() {
            Effect::NotShown
        } else {
            Effect::LastGoodShown
        };
        self.problems.push(Problem::new(path, None, effect, reason));
        self.files.extend(kept);
    }

    fn skip_what_is_no_post(&mut self, sources: &mut Vec<Source>) {
        let shown: HashSet<&Path> = [Role::Post, Role::Page]
            .into_iter()
            .flat_map(|role| self.shown_before(role))
            .map(|file| file.path.as_path())
            .collect();
        let is_skipped = |source: &mut Source| document::is_no_post(source) && !shown.contains(source.path.as_path());
        for skipped in sources.extract_if(.., is_skipped) {
            let reason = "not read: there is no front matter";
            self.problems
                .push(Problem::new(&skipped.path, None, Effect::Skipped, reason));
        }
    }

    fn take(&mut self, source: &Source, reading: Reading) {
        let last_good = match &reading.document {
            Some(_) => None,
            None => self.last_good(source, &reading),
        };
        let effect = |fault: &Fault| match fault.severity {
            Severity::Error if last_good.is_some() => Effect::LastGoodShown,
            Severity::Error => Effect::NotShown,
            Severity::Warning | Severity::Note => Effect::Shown,
        };
        for fault in reading.faults {
            let effect = effect(&fault);
            self.problems
                .push(Problem::new(&source.path, fault.line, effect, fault.reason));
        }
        let file = |document| File {
            path: source.path.clone(),
            role: source.role,
            document,
            publication: reading.publication,
        };
        self.files.extend(reading.document.map(file).or(last_good));
    }

    /// Returns the version of a broken file that stays shown.
    fn last_good(&self, source: &Source, broken: &Reading) -> Option<File> {
        let (_, shown) = self.before?;
        let mut candidates = self.shown_before(source.role);
        let file = candidates.find(|file| file.path == source.path)?;
        (self.options.drafts || broken.publication.is_public(shown)).then(|| file.clone())
    }

    fn refuse_reserved_slugs(&mut self) {
        let reserved = self.options.reserved;
        let is_reserved =
            |file: &mut File| file.role == Role::Page && reserved.contains(&file.document.slug().as_str());
        for file in self.files.extract_if(.., is_reserved) {
            let slug = file.document.slug();
            let reason = format!("the address /{slug} is the blog's own; give the page another name");
            self.problems
                .push(Problem::new(&file.path, None, Effect::NotShown, reason));
        }
    }

    /// Of several files with the same slug keeps the one that becomes public first, then the first by path. Drafts come
    /// last: a draft never replaces a public post, but the clash is reported before the draft is published.
    fn refuse_slugs_that_are_taken(&mut self) {
        let order = |file: &File| (file.publication.is_draft, file.publication.from, file.path.clone());
        self.files.sort_by_cached_key(order);
        let mut taken: HashMap<(Role, Slug), PathBuf> = HashMap::new();
        let mut refused = HashSet::new();
        for (index, file) in self.files.iter().enumerate() {
            let key = (file.role, file.document.slug().clone());
            if let Some(other) = taken.get(&key) {
                let reason = format!("the slug \"{}\" is that of {} too", key.1, other.display());
                self.problems
                    .push(Problem::new(&file.path, None, Effect::NotShown, reason));
                refused.insert(index);
            } else {
                taken.insert(key, file.path.clone());
            }
        }
        let mut index = 0..;
        self.files
            .retain(|_| index.next().is_none_or(|index| !refused.contains(&index)));
    }
}

fn moments(files: &[File]) -> Vec<Timestamp> {
    let dates = files.iter().flat_map(|file| {
        let publication = file.publication;
        [publication.from, publication.until, file.document.updated()]
    });
    let mut moments: Vec<Timestamp> = dates.flatten().map(|date| date.timestamp()).collect();
    moments.sort_unstable();
    moments
}
