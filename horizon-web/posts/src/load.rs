//! Makes a library of the folder, or tells everything that is wrong with it.

use std::{collections::HashMap, num::NonZeroUsize, panic, path::Path, thread};

use crate::{
    Library, Problem, Problems,
    document::{self, Document},
    source::{self, Role, Source},
};

/// The most threads that render at once.
const MAX_THREADS: usize = 8;

/// How the folder is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether drafts are part of the library.
    pub drafts: bool,
    /// Whether HTML in Markdown reaches the page as it is. Otherwise it is shown as text.
    pub raw_html: bool,
    /// The blog's own address, as `https://blog.example`; links to it are not external.
    pub base_url: String,
    /// First parts of addresses that are the server's own, as `feed.xml`; no page may have one as its slug.
    pub reserved: &'static [&'static str],
}

pub(crate) fn load(root: &Path, options: &Options) -> Result<Library, Problems> {
    let mut problems = Vec::new();
    let sources = source::read_all(root, &mut problems);
    let mut documents = Vec::with_capacity(sources.len());
    let mut taken = HashMap::new();
    for (source, result) in sources.iter().zip(render_all(&sources, options)) {
        let document = match result {
            Ok(document) => document,
            Err(more) => {
                problems.extend(more);
                continue;
            }
        };
        if source.role == Role::Page && options.reserved.contains(&document.slug().as_str()) {
            problems.push(reserved(source, &document));
        }
        // Drafts count: otherwise two files would clash on the day that one is published.
        match taken.insert((source.role, document.slug().clone()), &source.path) {
            Some(other) => problems.push(same_slug(source, &document, other)),
            None => documents.push(document),
        }
    }
    if !problems.is_empty() {
        return Err(Problems::new(problems));
    }
    let (mut posts, mut pages) = (Vec::new(), Vec::new());
    for document in documents
        .into_iter()
        .filter(|document| options.drafts || !document.is_draft())
    {
        match document {
            Document::Post(post) => posts.push(post),
            Document::Page(page) => pages.push(page),
        }
    }
    Ok(Library::new(posts, pages, options.raw_html, source::digest(&sources)))
}

fn same_slug(source: &Source, document: &Document, other: &Path) -> Problem {
    let reason = format!("the slug \"{}\" is that of {} too", document.slug(), other.display());
    Problem::new(&source.path, None, reason)
}

fn reserved(source: &Source, document: &Document) -> Problem {
    let reason = format!(
        "the address /{} is the blog's own; give the page another name",
        document.slug()
    );
    Problem::new(&source.path, None, reason)
}

/// Renders the files on all cores, in their order.
fn render_all(sources: &[Source], options: &Options) -> Vec<Result<Document, Vec<Problem>>> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(MAX_THREADS);
    let share = sources.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let render = |share| move || render_share(share, options);
        let workers: Vec<_> = sources.chunks(share).map(|share| scope.spawn(render(share))).collect();
        let results = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)));
        results.collect()
    })
}

fn render_share(share: &[Source], options: &Options) -> Vec<Result<Document, Vec<Problem>>> {
    share.iter().map(|source| document::read(source, options)).collect()
}
