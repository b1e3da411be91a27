//! The Markdown of a document, which is rendered on first use.

use std::{
    borrow::Cow,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use crate::{
    ContentOptions, Picture, TocEntry,
    content_index::ContentIndex,
    markdown::{self, MarkdownSource, Rendered},
};

/// What rendering a document needs besides its Markdown.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderContext {
    pub(crate) options: ContentOptions,
    /// The other documents and the files that a document may refer to.
    pub(crate) index: ContentIndex,
}

impl RenderContext {
    /// Returns the picture at a URL of this site, such as `/media/sea.jpg`.
    pub(crate) fn picture(&self, url: &str) -> Option<Picture> {
        self.options.pictures.picture(self.index.file(url)?)
    }
}

/// The body of a document.
///
/// Rendering all documents takes longer than reading them, so each is rendered when a page first needs it.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    markdown: String,
    /// The path of the file in the content folder.
    path: PathBuf,
    /// The line of the file on which the Markdown starts, from 1.
    first_line: usize,
    context: OnceLock<Arc<RenderContext>>,
    rendered: OnceLock<Rendered>,
}

impl Body {
    /// Returns the body of a file: `markdown` is the end of `text`.
    pub(crate) fn new(text: &str, markdown: &str, path: &Path) -> Self {
        let front = text.len().saturating_sub(markdown.len());
        let front_lines = text.bytes().take(front).filter(|byte| *byte == b'\n').count();
        Self {
            markdown: markdown.to_owned(),
            path: path.to_owned(),
            first_line: 1 + front_lines,
            context: OnceLock::new(),
            rendered: OnceLock::new(),
        }
    }

    /// Sets the context, once all files are known. Later calls have no effect.
    pub(crate) fn set_context(&self, context: &Arc<RenderContext>) {
        let _ = self.context.set(Arc::clone(context));
    }

    /// Returns the rendered document. The first call renders it.
    pub(crate) fn rendered(&self) -> &Rendered {
        self.rendered
            .get_or_init(|| catch_panic(|| markdown::render(self.source(), self.context()), &self.path))
    }

    /// Returns the document for a feed; see [`markdown::render_for_feed`].
    pub(crate) fn render_for_feed(&self, base_url: &str, url_path: &str) -> String {
        markdown::render_for_feed(self.source(), self.context(), base_url, url_path)
    }

    /// Returns the picture at a URL of this site.
    pub(crate) fn picture(&self, url: &str) -> Option<Picture> {
        self.context().picture(url)
    }

    pub(crate) fn html(&self) -> &str {
        self.rendered().body.html()
    }

    /// Returns the HTML with code that is not highlighted.
    pub(crate) fn visible_html(&self) -> Cow<'_, str> {
        self.rendered().body.visible_html()
    }

    pub(crate) fn toc(&self) -> &[TocEntry] {
        &self.rendered().toc
    }

    fn source(&self) -> MarkdownSource<'_> {
        MarkdownSource {
            markdown: &self.markdown,
            path: &self.path,
            first_line: self.first_line,
        }
    }

    /// Returns the other documents and the files that the document may refer to.
    pub(crate) fn index(&self) -> &ContentIndex {
        &self.context().index
    }

    fn context(&self) -> &Arc<RenderContext> {
        self.context.get_or_init(Arc::default)
    }
}

/// Returns an empty document if the renderer panics.
fn catch_panic(render: impl FnOnce() -> Rendered, path: &Path) -> Rendered {
    panic::catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|_| {
        let path = path.display();
        tracing::error!(%path, "the Markdown renderer panicked on this file; please report it with the file");
        Rendered::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_a_document_is_rendered_leaves_it_empty() {
        let rendered = catch_panic(|| panic!("in the renderer"), Path::new("a.md"));
        assert!(rendered.toc.is_empty() && rendered.body.html().is_empty());
    }
}
