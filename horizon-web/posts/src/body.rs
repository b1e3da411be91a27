//! The Markdown of a document, which is rendered on first use.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use horizon_texts::Texts;

use crate::{
    ContentOptions, Language, Picture, TocEntry,
    code_cache::CodeBlock,
    content_index::ContentIndex,
    markdown::{self, MarkdownSource, Rendered},
    render_cache::{DocumentKey, RenderCache},
    rendered_body::RenderedBody,
};

/// What rendering a document needs besides its Markdown.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderContext {
    pub(crate) options: ContentOptions,
    /// The interface texts in the language of the blog.
    pub(crate) texts: Texts,
    /// The other documents and the files that a document may refer to.
    pub(crate) index: ContentIndex,
    pub(crate) cache: RenderCache,
}

impl RenderContext {
    /// Returns the picture at a URL of this site, such as `/media/sea.jpg`.
    pub(crate) fn picture(&self, url: &str) -> Option<Picture> {
        self.options.pictures.picture(self.index.file(url)?)
    }

    /// Returns `next`, which has the same options, with the highlighted code of this context; or this context if
    /// documents have the same HTML in both.
    pub(crate) fn replaced_by(self: &Arc<Self>, mut next: Self) -> Arc<Self> {
        if self.index == next.index {
            return Arc::clone(self);
        }
        next.cache = self.cache.for_other_context();
        Arc::new(next)
    }
}

/// The body of a document.
///
/// Rendering all documents takes longer than reading them, so each is rendered when a page first needs it. The HTML is
/// in a cache of limited size; everything else that is [`Rendered`] stays in memory.
#[derive(Clone, Debug)]
pub(crate) struct DocumentBody {
    markdown: String,
    /// The path of the file in the content folder.
    path: PathBuf,
    /// The line of the file on which the Markdown starts, from 1.
    first_line: usize,
    language: Option<Language>,
    key: DocumentKey,
    context: Arc<RenderContext>,
    rendered: Arc<OnceLock<Rendered>>,
}

impl DocumentBody {
    /// Returns the body of a file: `markdown` is the end of `text`. [`connect`](Self::connect) it to the other files.
    pub(crate) fn new(text: &str, markdown: &str, path: &Path, language: Option<Language>) -> Self {
        let front = text.len().saturating_sub(markdown.len());
        let first_line = 1 + text.bytes().take(front).filter(|byte| *byte == b'\n').count();
        let mut hasher = DefaultHasher::new();
        (path, first_line, markdown).hash(&mut hasher);
        language.as_ref().map(ToString::to_string).hash(&mut hasher);
        Self {
            markdown: markdown.to_owned(),
            path: path.to_owned(),
            first_line,
            language,
            key: hasher.finish(),
            context: Arc::default(),
            rendered: Arc::default(),
        }
    }

    /// Sets the context, once all files are known. `previous` is the body of the same file before a reload.
    pub(crate) fn connect(&mut self, context: &Arc<RenderContext>, previous: Option<&Self>) {
        let same = |body: &&Self| body.key == self.key && Arc::ptr_eq(&body.context, context);
        self.rendered = previous
            .filter(same)
            .map(|body| Arc::clone(&body.rendered))
            .unwrap_or_default();
        self.context = Arc::clone(context);
    }

    /// Returns the path of the file in the content folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the rendered document. The first call renders it.
    pub(crate) fn rendered(&self) -> &Rendered {
        self.rendered.get_or_init(|| self.render().0)
    }

    /// Returns the document for a feed; see [`markdown::render_for_feed`].
    pub(crate) fn render_for_feed(&self, base_url: &str, url_path: &str) -> String {
        markdown::render_for_feed(self.source(), &self.context, base_url, url_path)
    }

    /// Returns the picture at a URL of this site.
    pub(crate) fn picture(&self, url: &str) -> Option<Picture> {
        self.context.picture(url)
    }

    /// Returns the HTML of a caption of the document: inline Markdown.
    pub(crate) fn render_caption(&self, markdown: &str) -> String {
        let source = MarkdownSource {
            markdown,
            ..self.source()
        };
        markdown::render_caption(source, &self.context)
    }

    /// Returns the HTML. Renders the Markdown and highlights the code unless they are cached.
    pub(crate) fn html(&self) -> String {
        self.rendered_body().html(&self.context.cache.code)
    }

    /// Returns the HTML with code that is not highlighted.
    pub(crate) fn visible_html(&self) -> String {
        self.rendered_body().visible_html()
    }

    pub(crate) fn toc(&self) -> &[TocEntry] {
        &self.rendered().toc
    }

    /// Returns the code that is not highlighted yet.
    pub(crate) fn pending_code(&self) -> Vec<Arc<CodeBlock>> {
        let cache = &self.context.cache;
        // After a reload, a document that did not change is not rendered again only because its HTML is not cached.
        let body = match self.rendered.get() {
            Some(_) => cache.document(self.key),
            None => Some(self.rendered_body()),
        };
        let code = body.iter().flat_map(|body| body.code());
        code.filter(|block| !cache.code.contains(block)).cloned().collect()
    }

    /// Highlights code of this document for later calls of [`html`](Self::html).
    pub(crate) fn highlight(&self, block: &Arc<CodeBlock>) {
        self.context.cache.code.html(block);
    }

    fn source(&self) -> MarkdownSource<'_> {
        MarkdownSource {
            markdown: &self.markdown,
            path: &self.path,
            first_line: self.first_line,
            language: self.language.as_ref(),
        }
    }

    /// Returns the other documents and the files that the document may refer to.
    pub(crate) fn index(&self) -> &ContentIndex {
        &self.context.index
    }

    fn rendered_body(&self) -> Arc<RenderedBody> {
        // Concurrent first calls render once.
        let mut new = None;
        self.rendered.get_or_init(|| {
            let (rendered, body) = self.render();
            new = Some(body);
            rendered
        });
        let body = new.or_else(|| self.context.cache.document(self.key));
        body.unwrap_or_else(|| self.render().1)
    }

    fn render(&self) -> (Rendered, Arc<RenderedBody>) {
        let render = || markdown::render(self.source(), &self.context);
        let (rendered, body) = catch_panic(render, &self.path);
        let body = Arc::new(body);
        self.context.cache.insert(self.key, &body);
        (rendered, body)
    }
}

/// Returns an empty document if the renderer panics.
fn catch_panic(render: impl FnOnce() -> (Rendered, RenderedBody), path: &Path) -> (Rendered, RenderedBody) {
    panic::catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|_| {
        let path = path.display();
        tracing::error!(%path, "the Markdown renderer panicked on this file; please report it with the file");
        Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content_index::IndexedDocument;

    const MARKDOWN: &str = "## One\n\n```rust\nlet x = 1;\n```\n";

    fn context(documents: &[&str]) -> RenderContext {
        let indexed = |name: &&str| IndexedDocument {
            path: name.into(),
            url: format!("/blog/{name}"),
            old_address: None,
        };
        let documents = documents.iter().map(|name| (PathBuf::from(name), indexed(name)));
        let index = ContentIndex {
            documents: documents.collect(),
            ..ContentIndex::default()
        };
        RenderContext {
            index,
            ..RenderContext::default()
        }
    }

    fn body(markdown: &str, context: &Arc<RenderContext>, previous: Option<&DocumentBody>) -> DocumentBody {
        let mut body = DocumentBody::new(markdown, markdown, Path::new("a.md"), None);
        body.connect(context, previous);
        body
    }

    #[test]
    fn a_panic_while_a_document_is_rendered_leaves_it_empty() {
        let (rendered, body) = catch_panic(|| panic!("in the renderer"), Path::new("a.md"));
        assert!(rendered.toc.is_empty() && body.bytes() == 0);
    }

    #[test]
    fn an_unchanged_document_is_not_rendered_again_after_a_reload() {
        let first = Arc::new(context(&["a.md"]));
        let before = body(MARKDOWN, &first, None);
        let html = before.html();
        let second = first.replaced_by(context(&["a.md"]));
        let unchanged = body(MARKDOWN, &second, Some(&before));
        assert!(unchanged.rendered.get().is_some() && unchanged.pending_code().is_empty());
        assert!(
            second.cache.document(unchanged.key).is_some(),
            "the HTML is still cached"
        );
        assert_eq!(unchanged.html(), html);
        let changed = body("## Two\n", &second, Some(&before));
        assert!(changed.rendered.get().is_none());
        assert_eq!(changed.toc()[0].text, "Two");
        assert!(!changed.html().contains("One"));
    }

    #[test]
    fn a_document_is_rendered_again_but_not_highlighted_if_others_have_other_addresses() {
        let first = Arc::new(context(&["a.md"]));
        let before = body("[b](b.md)\n\n```rust\nlet x = 1;\n```\n", &first, None);
        assert!(before.html().contains("href=\"b.md\""));
        let second = first.replaced_by(context(&["a.md", "b.md"]));
        let after = body(&before.markdown, &second, Some(&before));
        assert!(after.pending_code().is_empty());
        assert!(after.html().contains("href=\"/blog/b.md\""));
    }

    #[test]
    fn html_that_is_no_longer_cached_is_rendered_again() {
        let context = Arc::new(context(&[]));
        let body = body(MARKDOWN, &context, None);
        let html = body.html();
        context.cache.clear();
        assert_eq!(body.html(), html);
    }
}
