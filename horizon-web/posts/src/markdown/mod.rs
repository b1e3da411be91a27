//! Renders Markdown (CommonMark and GitHub's extensions) as safe, accessible HTML.

mod attribute_list;
mod block;
mod callout;
mod code;
mod code_info;
mod code_ranges;
mod elements;
mod extension;
mod footnote;
mod format;
mod frame;
mod heading;
mod html_piece;
mod ids;
mod image;
mod inline;
mod link;
mod liquid;
mod math;
mod mdx;
mod mdx_piece;
mod parse;
mod raw_html;
mod shortcode;
mod shortcode_tag;
mod tag;

use std::path::Path;

use comrak::Arena;
use horizon_texts::Texts;

use self::format::{RenderInput, RenderTarget};
pub(crate) use self::link::{BodyLink, BodyLinkKind};
pub use self::{
    extension::{MarkdownExtensions, MarkdownExtensionsError},
    frame::{FrameOrigin, FrameOriginError},
};
use crate::{Language, TocEntry, body::RenderContext, front_matter::FileIssue, rendered_body::RenderedBody, text};

/// What is known about a rendered document besides its HTML. All lines are those of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) toc: Vec<TocEntry>,
    pub(crate) reading_minutes: u32,
    pub(crate) excerpt: String,
    /// The text before `<!--more-->`, as plain text.
    pub(crate) summary: Option<String>,
    /// The links, images and frames, in order.
    pub(crate) links: Vec<BodyLink>,
    /// The ids that a link with a fragment can lead to.
    pub(crate) anchors: Vec<String>,
    /// What readers do not see as the author meant it.
    pub(crate) issues: Vec<FileIssue>,
}

impl Rendered {
    /// Returns the text before `<!--more-->`, or else the excerpt.
    pub(crate) fn start(&self) -> &str {
        let summary = self.summary.as_deref().filter(|summary| !summary.is_empty());
        summary.unwrap_or(&self.excerpt)
    }
}

/// The Markdown of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkdownSource<'a> {
    pub(crate) markdown: &'a str,
    /// The path of the file in the content folder.
    pub(crate) path: &'a Path,
    /// The line of the file on which the Markdown starts, from 1.
    pub(crate) first_line: usize,
    /// The language of the document, if its author states one.
    pub(crate) language: Option<&'a Language>,
}

impl<'a> MarkdownSource<'a> {
    fn with_markdown(self, markdown: &'a str) -> Self {
        Self { markdown, ..self }
    }

    /// Returns the interface texts in the language of the document, or else of the blog.
    fn texts(&self, context: &RenderContext) -> Texts {
        let texts = self.language.and_then(Language::texts);
        texts.unwrap_or_else(|| context.texts.clone())
    }
}

/// Renders a document for its own page.
pub(crate) fn render(source: MarkdownSource<'_>, context: &RenderContext) -> (Rendered, RenderedBody) {
    let arena = Arena::new();
    let mdx = mdx::to_markdown(source);
    let source_text = source.with_markdown(&mdx.markdown);
    let expanded = attribute_list::remove(shortcode::expand(source_text, context), source_text, context);
    let root = parse::parse(&arena, &expanded.markdown, context.options.markdown);
    let texts = source.texts(context);
    let input = RenderInput::new(source, context, &texts, RenderTarget::Page);
    let (reading_minutes, excerpt, summary) = (text::reading_minutes(root), text::excerpt(root), text::summary(root));
    let (html, state) = format::document(root, input);
    let rendered = Rendered {
        toc: state.toc,
        reading_minutes,
        excerpt,
        summary,
        links: state.links,
        anchors: state.ids.into_all(),
        issues: [mdx.issues, expanded.issues, state.issues].concat(),
    };
    (rendered, RenderedBody::new(html, state.code))
}

/// Renders a document for a feed, with absolute URLs and without markup that needs the blog's style sheet.
///
/// `url_path` is the path of the document under `base_url`.
pub(crate) fn render_for_feed(
    source: MarkdownSource<'_>,
    context: &RenderContext,
    base_url: &str,
    url_path: &str,
) -> String {
    let arena = Arena::new();
    let mdx = mdx::to_markdown(source);
    let source_text = source.with_markdown(&mdx.markdown);
    let expanded = attribute_list::remove(shortcode::expand(source_text, context), source_text, context);
    let root = parse::parse(&arena, &expanded.markdown, context.options.markdown);
    let texts = source.texts(context);
    let input = RenderInput::new(source, context, &texts, RenderTarget::Feed { base_url, url_path });
    let (html, _) = format::document(root, input);
    // The library itself writes only the URLs of footnotes. Text contains no unescaped quote.
    html.replace("href=\"#fn", &format!("href=\"{base_url}{url_path}#fn"))
}

/// Renders a caption: inline Markdown as HTML for the page of its document.
pub(crate) fn render_caption(source: MarkdownSource<'_>, context: &RenderContext) -> String {
    let texts = source.texts(context);
    let input = RenderInput::new(source, context, &texts, RenderTarget::Page);
    inline::render(source.markdown, input).0
}
