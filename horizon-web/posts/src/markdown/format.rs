//! Walks the document and writes its HTML.

use std::{fmt, path::Path};

use comrak::{
    Node,
    html::{ChildRendering, Context, format_document_with_formatter, format_node_default},
    nodes::NodeValue,
    options::Plugins,
};

use super::{MarkdownSource, block, code, heading, link, link::BodyLink, raw_html};
use crate::{TocEntry, body::RenderContext, code_cache::CodeBlock, front_matter::FileIssue};

pub(super) fn options() -> comrak::Options<'static> {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.render.tasklist_classes = true;
    options
}

#[derive(Clone, Copy)]
pub(super) enum RenderTarget<'a> {
    Page,
    Feed { base_url: &'a str, url_path: &'a str },
}

/// What the HTML of a document depends on besides its Markdown.
#[derive(Clone, Copy)]
pub(super) struct RenderInput<'a> {
    pub(super) target: RenderTarget<'a>,
    pub(super) context: &'a RenderContext,
    /// The path of the file in the content folder.
    pub(super) path: &'a Path,
    first_line: usize,
}

impl<'a> RenderInput<'a> {
    pub(super) fn new(source: MarkdownSource<'a>, context: &'a RenderContext, target: RenderTarget<'a>) -> Self {
        Self {
            target,
            context,
            path: source.path,
            first_line: source.first_line,
        }
    }

    pub(super) fn is_page(&self) -> bool {
        matches!(self.target, RenderTarget::Page)
    }

    /// Returns the line of the file on which a node starts.
    pub(super) fn line(&self, node: Node<'_>) -> usize {
        self.first_line + node.data().sourcepos.start.line.saturating_sub(1)
    }
}

pub(super) struct RenderState<'a> {
    pub(super) input: RenderInput<'a>,
    pub(super) toc: Vec<TocEntry>,
    /// The code to highlight later, one for each [`CODE_PLACEHOLDER`](crate::rendered_body::CODE_PLACEHOLDER).
    pub(super) code: Vec<CodeBlock>,
    pub(super) links: Vec<BodyLink>,
    /// Whether there was an image already.
    pub(super) has_image: bool,
    pub(super) anchors: Vec<String>,
    pub(super) issues: Vec<FileIssue>,
}

impl<'a> RenderState<'a> {
    fn new(input: RenderInput<'a>) -> Self {
        Self {
            input,
            toc: Vec::new(),
            code: Vec::new(),
            links: Vec::new(),
            has_image: false,
            anchors: Vec::new(),
            issues: Vec::new(),
        }
    }
}

pub(super) type Out<'o, 'c, 's> = Context<'o, 'c, RenderState<'s>>;

pub(super) fn document<'a>(root: Node<'_>, input: RenderInput<'a>) -> (String, RenderState<'a>) {
    let mut html = String::new();
    let (options, plugins) = (options(), Plugins::default());
    let state = RenderState::new(input);
    let done = format_document_with_formatter(root, &options, &mut html, &plugins, format_node, state);
    // Writing to a `String` does not fail.
    (html, done.unwrap_or_else(|_| RenderState::new(input)))
}

fn format_node(out: &mut Out<'_, '_, '_>, node: Node<'_>, entering: bool) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::Heading(heading) => heading::format(out, node, *heading, entering)?,
        NodeValue::Table(_) => return block::format_table(out, node, entering),
        NodeValue::CodeBlock(block) if entering => code::format(out, block)?,
        NodeValue::Link(link) => link::format_link(out, node, link, entering)?,
        NodeValue::Image(image) => return link::format_image(out, node, image, entering),
        NodeValue::HtmlBlock(block) if entering => raw_html::format_block(out, &block.literal)?,
        NodeValue::HtmlInline(literal) if entering => raw_html::format_inline(out, literal)?,
        NodeValue::TaskItem(task) => block::format_task(out, task.symbol.is_some(), entering)?,
        NodeValue::FootnoteDefinition(note) => {
            if entering {
                out.user.anchors.push(format!("fn-{}", note.name));
            }
            return format_node_default(out, node, entering);
        }
        NodeValue::CodeBlock(_) | NodeValue::HtmlBlock(_) | NodeValue::HtmlInline(_) => {}
        _ => return format_node_default(out, node, entering),
    }
    Ok(ChildRendering::HTML)
}
