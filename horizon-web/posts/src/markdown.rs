//! Renders Markdown (CommonMark and GitHub's extensions) as safe, accessible HTML.

use std::{
    fmt::{self, Write as _},
    path::Path,
};

use comrak::{
    Arena, Node,
    html::{ChildRendering, Context, format_document_with_formatter, format_node_default},
    nodes::{NodeCodeBlock, NodeHeading, NodeLink, NodeValue},
    options::Plugins,
};

use crate::{
    TocEntry,
    body::RenderContext,
    rendered_body::{CODE_PLACEHOLDER, CodeBlock, RenderedBody},
    text, urls,
};

/// A rendered document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) body: RenderedBody,
    pub(crate) toc: Vec<TocEntry>,
    pub(crate) reading_minutes: u32,
    pub(crate) excerpt: String,
}

/// Renders a document for its own page. `path` is the path of the file in the content folder.
pub(crate) fn render(markdown: &str, context: &RenderContext, path: &Path) -> Rendered {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options());
    let (html, state) = format(root, RenderTarget::Page, context, path);
    Rendered {
        body: RenderedBody::new(html, state.code),
        toc: state.toc,
        reading_minutes: text::reading_minutes(root),
        excerpt: text::excerpt(root),
    }
}

/// Renders a document for a feed, with absolute URLs and without markup that needs the blog's style sheet.
///
/// `url_path` is the path of the document under `base_url`.
pub(crate) fn render_for_feed(
    markdown: &str,
    context: &RenderContext,
    path: &Path,
    base_url: &str,
    url_path: &str,
) -> String {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options());
    let (html, _) = format(root, RenderTarget::Feed { base_url, url_path }, context, path);
    // The library itself writes only the URLs of footnotes. Text contains no unescaped quote.
    html.replace("href=\"#fn", &format!("href=\"{base_url}{url_path}#fn"))
}

fn options() -> comrak::Options<'static> {
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
enum RenderTarget<'a> {
    Page,
    Feed { base_url: &'a str, url_path: &'a str },
}

struct RenderState<'a> {
    target: RenderTarget<'a>,
    context: &'a RenderContext,
    /// The path of the file in the content folder.
    path: &'a Path,
    toc: Vec<TocEntry>,
    /// The code to highlight later, one for each [`CODE_PLACEHOLDER`].
    code: Vec<CodeBlock>,
}

type Out<'o, 'c, 's> = Context<'o, 'c, RenderState<'s>>;

fn format<'a>(
    root: Node<'_>,
    target: RenderTarget<'a>,
    context: &'a RenderContext,
    path: &'a Path,
) -> (String, RenderState<'a>) {
    let mut html = String::new();
    let state = || RenderState {
        target,
        context,
        path,
        toc: Vec::new(),
        code: Vec::new(),
    };
    let done = format_document_with_formatter(root, &options(), &mut html, &Plugins::default(), format_node, state());
    // Writing to a `String` does not fail.
    (html, done.unwrap_or_else(|_| state()))
}

fn format_node(out: &mut Out<'_, '_, '_>, node: Node<'_>, entering: bool) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::Heading(heading) => format_heading(out, node, *heading, entering)?,
        NodeValue::Table(_) => return format_table(out, node, entering),
        NodeValue::CodeBlock(block) if entering => format_code(out, block)?,
        NodeValue::Link(link) => format_link(out, link, entering)?,
        NodeValue::Image(image) => return format_image(out, image, entering),
        NodeValue::HtmlBlock(block) if entering => format_raw_block(out, &block.literal)?,
        NodeValue::HtmlInline(literal) if entering => format_raw(out, literal)?,
        NodeValue::TaskItem(task) => format_task(out, task.symbol.is_some(), entering)?,
        NodeValue::CodeBlock(_) | NodeValue::HtmlBlock(_) | NodeValue::HtmlInline(_) => {}
        _ => return format_node_default(out, node, entering),
    }
    Ok(ChildRendering::HTML)
}

fn format_heading(out: &mut Out<'_, '_, '_>, node: Node<'_>, heading: NodeHeading, entering: bool) -> fmt::Result {
    let level = heading.level;
    if matches!(out.user.target, RenderTarget::Feed { .. }) {
        return if entering {
            out.cr()?;
            write!(out, "<h{level}>")
        } else {
            writeln!(out, "</h{level}>")
        };
    }
    let text = node.collect_text();
    if !entering {
        let id = out.current_anchorized_id.take().unwrap_or_default();
        write!(
            out,
            " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section: "
        )?;
        out.escape(&text)?;
        return writeln!(out, "\">#</a></h{level}>");
    }
    // The id contains only letters, digits, `-` and `_`, so it needs no escaping.
    let named = text.chars().any(char::is_alphanumeric);
    let id = out.anchorizer.anchorize(if named { &text } else { "section" });
    out.cr()?;
    write!(out, "<h{level} id=\"{id}\">")?;
    // A heading in a quote or a list is not a section.
    let is_section = node.parent().is_some_and(|parent| parent.parent().is_none());
    if is_section && (2..=3).contains(&level) {
        let id = id.clone();
        out.user.toc.push(TocEntry { level, id, text });
    }
    out.current_anchorized_id = Some(id);
    Ok(())
}

/// Wraps the table so that it scrolls horizontally, also from the keyboard.
fn format_table(out: &mut Out<'_, '_, '_>, node: Node<'_>, entering: bool) -> Result<ChildRendering, fmt::Error> {
    let wrapped = matches!(out.user.target, RenderTarget::Page);
    if wrapped && entering {
        out.cr()?;
        out.write_str("<div class=\"table-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">")?;
    }
    let children = format_node_default(out, node, entering)?;
    if wrapped && !entering {
        out.write_str("</div>\n")?;
    }
    Ok(children)
}

/// Adds an accessible name to the disabled checkbox.
fn format_task(out: &mut Out<'_, '_, '_>, done: bool, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</li>\n");
    }
    let (name, checked) = if done { ("Done", " checked=\"\"") } else { ("Open", "") };
    out.cr()?;
    out.write_str(
        "<li class=\"task-list-item\"><input type=\"checkbox\" class=\"task-list-item-checkbox\" aria-label=\"",
    )?;
    out.write_str(name)?;
    out.write_str("\"")?;
    out.write_str(checked)?;
    out.write_str(" disabled=\"\" /> ")
}

fn format_code(out: &mut Out<'_, '_, '_>, block: &NodeCodeBlock) -> fmt::Result {
    // `rust,no_run` and `rust ignore` are Rust.
    let language = block.info.split([',', ' ', '\t', '{']).next().unwrap_or_default();
    let on_page = matches!(out.user.target, RenderTarget::Page);
    out.cr()?;
    out.write_str(if on_page {
        "<pre tabindex=\"0\"><code"
    } else {
        "<pre><code"
    })?;
    if !language.is_empty() {
        out.write_str(" class=\"language-")?;
        out.escape(language)?;
        out.write_str("\"")?;
    }
    out.write_str(">")?;
    if on_page {
        out.user.code.push(CodeBlock::new(&block.literal, language));
        out.write_char(CODE_PLACEHOLDER)?;
    } else {
        out.escape(&block.literal)?;
    }
    out.write_str("</code></pre>\n")
}

fn format_link(out: &mut Out<'_, '_, '_>, link: &NodeLink, entering: bool) -> fmt::Result {
    if !entering {
        return out.write_str("</a>");
    }
    out.write_str("<a")?;
    if let Some(reference) = out.user.context.index.link(out.user.path, &link.url) {
        out.write_str(" href=\"")?;
        let url = resolved(out, &reference.url);
        out.escape_href(&url)?;
        out.write_str("\"")?;
        if urls::is_external(&url, base_url(out)) {
            out.write_str(" rel=\"noopener noreferrer\"")?;
        }
    }
    format_title(out, &link.title)?;
    out.write_str(">")
}

fn format_image(out: &mut Out<'_, '_, '_>, image: &NodeLink, entering: bool) -> Result<ChildRendering, fmt::Error> {
    let Some(reference) = out.user.context.index.image(out.user.path, &image.url) else {
        // The alternative text remains.
        return Ok(ChildRendering::Plain);
    };
    if entering {
        out.write_str("<img src=\"")?;
        let url = resolved(out, &reference.url);
        out.escape_href(&url)?;
        out.write_str("\" alt=\"")?;
    } else {
        out.write_str("\"")?;
        format_title(out, &image.title)?;
        out.write_str(" loading=\"lazy\" decoding=\"async\">")?;
    }
    Ok(ChildRendering::Plain)
}

fn format_title(out: &mut Out<'_, '_, '_>, title: &str) -> fmt::Result {
    if title.is_empty() {
        return Ok(());
    }
    out.write_str(" title=\"")?;
    out.escape(title)?;
    out.write_str("\"")
}

/// Makes the URL absolute in feeds.
fn resolved(out: &Out<'_, '_, '_>, url: &str) -> String {
    match out.user.target {
        RenderTarget::Page => url.to_owned(),
        RenderTarget::Feed { base_url, url_path } => urls::absolute(url, base_url, url_path),
    }
}

/// Returns the URL of the blog: links to it are not external.
fn base_url<'a>(out: &Out<'_, '_, 'a>) -> &'a str {
    match out.user.target {
        RenderTarget::Page => &out.user.context.options.base_url,
        RenderTarget::Feed { base_url, .. } => base_url,
    }
}

fn format_raw_block(out: &mut Out<'_, '_, '_>, literal: &str) -> fmt::Result {
    out.cr()?;
    if out.user.context.options.raw_html {
        return out.write_str(literal);
    }
    out.write_str("<p>")?;
    out.escape(literal.trim_end())?;
    out.write_str("</p>\n")
}

fn format_raw(out: &mut Out<'_, '_, '_>, literal: &str) -> fmt::Result {
    if out.user.context.options.raw_html {
        out.write_str(literal)
    } else {
        out.escape(literal)
    }
}
