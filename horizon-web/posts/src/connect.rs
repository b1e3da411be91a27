//! Connects documents with the files and other documents that they refer to.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    ContentOptions, Layout, MarkdownPage, Post,
    addresses::{self, AddressedDocument, Addresses},
    body::{DocumentBody, RenderContext},
    content_index::{ContentIndex, IndexedDocument},
    file_name,
    layout::{LayoutRoots, NamedFile},
    parse::ParsedDocument,
    redirects::{OldLists, Redirects},
    site_files::SiteFiles,
    unicode::nfc,
};

/// Gives documents what they need to be rendered.
pub(crate) struct DocumentIndexer<'a> {
    pub(crate) roots: &'a LayoutRoots,
    pub(crate) options: &'a ContentOptions,
    pub(crate) site_files: &'a Arc<SiteFiles>,
}

/// The documents before a reload.
pub(crate) struct PreviousDocuments<'a> {
    pub(crate) context: &'a Arc<RenderContext>,
    pub(crate) bodies: Vec<&'a DocumentBody>,
}

impl DocumentIndexer<'_> {
    /// Connects the documents, and reuses what is known of unchanged ones.
    pub(crate) fn connect<'d>(
        &self,
        documents: impl Iterator<Item = &'d mut ParsedDocument>,
        previous: Option<PreviousDocuments<'_>>,
    ) -> Arc<RenderContext> {
        let documents: Vec<&mut ParsedDocument> = documents.collect();
        let index = self.index(&documents.iter().map(|document| &**document).collect::<Vec<_>>());
        let context = RenderContext {
            options: self.options.clone(),
            texts: self.options.language.texts().unwrap_or_default(),
            index,
            ..RenderContext::default()
        };
        let context = match &previous {
            Some(previous) => previous.context.replaced_by(context),
            None => Arc::new(context),
        };
        let bodies = previous.into_iter().flat_map(|previous| previous.bodies);
        let bodies: HashMap<&Path, &DocumentBody> = bodies.map(|body| (body.path(), body)).collect();
        for document in documents {
            resolve_cover(document, &context.index);
            let body = document.body_mut();
            let previous = bodies.get(body.path()).copied();
            body.connect(&context, previous);
        }
        context
    }

    fn index(&self, documents: &[&ParsedDocument]) -> ContentIndex {
        let addressed = addressed(self.roots, documents);
        let indexed = addressed.iter().map(|document| IndexedDocument {
            path: document.path.to_owned(),
            url: document.url.clone(),
            old_address: document.generated.likely.first().cloned(),
        });
        let by_path = indexed.flat_map(|document| {
            let composed = document.path.to_str().map(nfc).map(|path| PathBuf::from(&*path));
            let paths = [Some(document.path.clone()), composed].into_iter().flatten();
            paths.map(|path| (path, document.clone())).collect::<Vec<_>>()
        });
        let roots = self.roots.roots.iter().filter(|root| root.has_documents());
        ContentIndex {
            layout: self.roots.layout,
            base_url: self.options.base_url.clone(),
            reserved: self.options.reserved,
            documents: by_path.collect::<HashMap<_, _>>(),
            content_roots: roots.map(|root| root.path.clone()).collect(),
            addresses: addresses(self.roots, &addressed, self.site_files),
            lists: lists(self.roots, documents),
            files: Arc::clone(self.site_files),
        }
    }
}

/// Returns the old addresses of public documents, and the files that are public with them.
pub(crate) fn shown_with(
    roots: &LayoutRoots,
    options: &ContentOptions,
    site_files: &SiteFiles,
    posts: &[Arc<Post>],
    pages: &[Arc<MarkdownPage>],
) -> (Redirects, SiteFiles) {
    let posts = posts.iter().cloned().map(ParsedDocument::Post);
    let documents: Vec<ParsedDocument> = posts.chain(pages.iter().cloned().map(ParsedDocument::Page)).collect();
    let documents: Vec<&ParsedDocument> = documents.iter().collect();
    let sources: HashSet<&Path> = documents.iter().map(|document| document.source()).collect();
    let site_files = site_files.public(&sources);
    let redirects = Redirects {
        addresses: addresses(roots, &addressed(roots, &documents), &site_files),
        lists: lists(roots, &documents),
        reserved: options.reserved,
    };
    (redirects, site_files)
}

/// Returns the documents with all their addresses.
pub(crate) fn addressed<'a>(roots: &LayoutRoots, documents: &[&'a ParsedDocument]) -> Vec<AddressedDocument<'a>> {
    let addressed = documents.iter().map(|document| AddressedDocument {
        path: document.source(),
        url: document.url_path(),
        aliases: document.aliases(),
        has_root_aliases: roots.layout == Layout::Zola,
        generated: roots.addresses(&NamedFile {
            path: document.source(),
            slug: document.slug().as_str(),
            title: document.title(),
            date: document.date(),
        }),
    });
    addressed.collect()
}

/// Returns the addresses of documents and files. A file in the folder of a bundle also has those in the folder of each
/// address of its document.
fn addresses(roots: &LayoutRoots, documents: &[AddressedDocument<'_>], site_files: &SiteFiles) -> Addresses {
    let mut addresses = Addresses::new(documents);
    for (address, file) in site_files.old_addresses() {
        addresses.add_file(address, &file.url);
    }
    let bundles = documents
        .iter()
        .filter(|document| file_name::is_index(roots.below_root(document.path)));
    let bundles: HashMap<&Path, &AddressedDocument<'_>> = bundles.map(|bundle| (bundle.path, bundle)).collect();
    for (address, file) in site_files.old_addresses() {
        for bundle in file.owners.iter().filter_map(|owner| bundles.get(owner.as_path())) {
            let folder = roots.below_root(bundle.path).parent();
            let below = Path::new(address.trim_start_matches('/'));
            if let Some(name) = folder.and_then(|folder| below.strip_prefix(folder).ok()?.to_str()) {
                addresses.add_bundle_file(bundle, name, &file.url);
            }
        }
    }
    addresses
}

/// Returns what the lists of these posts were called: a list of all posts had the name of each of their folders.
fn lists(roots: &LayoutRoots, documents: &[&ParsedDocument]) -> OldLists {
    let mut lists = OldLists::default();
    for document in documents {
        let ParsedDocument::Post(post) = document else { continue };
        lists.tags.extend(post.tags.iter().map(|tag| tag.slug.clone()));
        let folders = roots.below_root(&post.source).ancestors().skip(1);
        let folders = folders.filter_map(Path::to_str).filter(|folder| !folder.is_empty());
        lists
            .post_folders
            .extend(folders.map(|folder| addresses::key_of_decoded(&nfc(folder))));
    }
    lists
}

/// Sets the URL of the picture above a post.
fn resolve_cover(document: &mut ParsedDocument, index: &ContentIndex) {
    let ParsedDocument::Post(post) = document else { return };
    let Some(cover) = &post.cover else { return };
    let Some(resolved) = index.image(&post.source, &cover.image) else {
        return;
    };
    if resolved.url != cover.image
        && let Some(cover) = &mut Arc::make_mut(post).cover
    {
        cover.image = resolved.url;
    }
}
