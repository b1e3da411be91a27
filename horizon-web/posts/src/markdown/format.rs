//! Walks the document and writes its HTML.

use std::{fmt, path::Path};

use comrak::{
    Node,
    html::{ChildRendering, Context, format_document_with_formatter, format_node_default},
    nodes::{AlertType, NodeValue},
    options::Plugins,
};
use horizon_texts::Texts;

use super::{
    MarkdownSource, block, callout, code,
    extension::MarkdownExtension,
    footnote,
    heading::{self, HeadingPlans},
    ids::AuthorIds,
    image,
    link::{self, BodyLink},
    math,
    raw_html::{self, OpenElements},
};
use crate::{TocEntry, body::RenderContext, code_cache::CodeBlock, front_matter::FileIssue};

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
    pub(super) texts: &'a Texts,
    /// The path of the file in the content folder.
    pub(super) path: &'a Path,
    first_line: usize,
}

impl<'a> RenderInput<'a> {
    pub(super) fn new(
        source: MarkdownSource<'a>,
        context: &'a RenderContext,
        texts: &'a Texts,
        target: RenderTarget<'a>,
    ) -> Self {
        Self {
            target,
            context,
            texts,
            path: source.path,
            first_line: source.first_line,
        }
    }

    pub(super) fn is_page(&self) -> bool {
        matches!(self.target, RenderTarget::Page)
    }

    pub(super) fn has(&self, extension: MarkdownExtension) -> bool {
        self.context.options.markdown.has(extension)
    }

    /// Returns the line of the file on which a node starts.
    pub(super) fn line(&self, node: Node<'_>) -> usize {
        self.first_line + node.data().sourcepos.start.line.saturating_sub(1)
    }
}

pub(super) struct RenderState<'a> {
    pub(super) input: RenderInput<'a>,
    pub(super) headings: HeadingPlans,
    pub(super) ids: AuthorIds,
    pub(super) html: OpenElements,
    pub(super) toc: Vec<TocEntry>,
    /// The code to highlight later, one for each [`CODE_PLACEHOLDER`](crate::rendered_body::CODE_PLACEHOLDER).
    pub(super) code: Vec<CodeBlock>,
    pub(super) links: Vec<BodyLink>,
    /// Whether there was an image already.
    pub(super) has_image: bool,
    pub(super) issues: Vec<FileIssue>,
    /// The URL of the image whose tag is not complete.
    pub(super) open_image: Option<String>,
    /// The number of tables so far.
    pub(super) tables: usize,
}

impl<'a> RenderState<'a> {
    fn new(input: RenderInput<'a>, headings: HeadingPlans, ids: AuthorIds) -> Self {
        Self {
            input,
            headings,
            ids,
            html: OpenElements::default(),
            toc: Vec::new(),
            code: Vec::new(),
            links: Vec::new(),
            has_image: false,
            issues: Vec::new(),
            open_image: None,
            tables: 0,
        }
    }
}

pub(super) type Out<'o, 'c, 's> = Context<'o, 'c, RenderState<'s>>;

/// Writes the HTML of a parsed document.
pub(super) fn document<'a>(root: Node<'_>, input: RenderInput<'a>) -> (String, RenderState<'a>) {
    let mut ids = AuthorIds::of_footnotes(root);
    let headings = HeadingPlans::new(root, input, &mut ids);
    replace_emoji(root);
    if input.has(MarkdownExtension::Callouts) {
        callout::find(root);
    }
    name_alerts(root, input.texts);
    let state = RenderState::new(input, headings, ids);
    let mut html = String::new();
    let (options, plugins) = (input.context.options.markdown.options(), Plugins::default());
    let done = format_document_with_formatter(root, &options, &mut html, &plugins, format_node, state);
    // Writing to a `String` does not fail.
    let empty = || RenderState::new(input, HeadingPlans::default(), AuthorIds::default());
    (footnote::name(html, input.texts), done.unwrap_or_else(|_| empty()))
}

/// Makes emoji text, because the library leaves them out of the texts of images.
fn replace_emoji(root: Node<'_>) {
    for node in root.descendants() {
        let emoji = match &mut node.data_mut().value {
            NodeValue::ShortCode(emoji) => std::mem::take(&mut emoji.emoji),
            _ => continue,
        };
        node.data_mut().value = NodeValue::Text(emoji.into());
    }
}

/// Gives alerts without a title of their own one in the language of the document.
fn name_alerts(root: Node<'_>, texts: &Texts) {
    for node in root.descendants() {
        if let NodeValue::Alert(alert) = &mut node.data_mut().value {
            let id = match alert.alert_type {
                AlertType::Note => "alert-note",
                AlertType::Tip => "alert-tip",
                AlertType::Important => "alert-important",
                AlertType::Warning => "alert-warning",
                AlertType::Caution => "alert-caution",
            };
            alert.title.get_or_insert_with(|| texts.get(id).to_owned());
        }
    }
}

fn format_node(out: &mut Out<'_, '_, '_>, node: Node<'_>, entering: bool) -> Result<ChildRendering, fmt::Error> {
    if entering {
        raw_html::before_block(out, node)?;
    } else {
        raw_html::after(out, node)?;
    }
    match &node.data().value {
        NodeValue::Heading(_) => heading::format(out, node, entering)?,
        NodeValue::Paragraph => return image::format_paragraph(out, node, entering),
        NodeValue::Table(_) => return block::format_table(out, node, entering),
        NodeValue::TableCell => return block::format_cell(out, node, entering),
        NodeValue::BlockDirective(directive) => callout::format_details(out, &directive.info, entering)?,
        NodeValue::CodeBlock(block) if entering => code::format(out, node, block)?,
        NodeValue::Math(math) if entering => math::format(out, node, math)?,
        NodeValue::Link(link) => link::format(out, node, link, entering)?,
        NodeValue::Image(image) => return image::format(out, node, image, entering),
        NodeValue::HtmlBlock(block) if entering => raw_html::format(out, node, &block.literal, false)?,
        NodeValue::HtmlInline(literal) if entering => raw_html::format(out, node, literal, true)?,
        NodeValue::TaskItem(task) => block::format_task(out, task.symbol.is_some(), entering)?,
        NodeValue::CodeBlock(_) | NodeValue::HtmlBlock(_) | NodeValue::HtmlInline(_) | NodeValue::Math(_) => {}
        _ => return format_node_default(out, node, entering),
    }
    Ok(ChildRendering::HTML)
}
