//! Replaces the tags of generators that mean something without a theme by Markdown.

use std::{borrow::Cow, path::Path};

use super::{
    MarkdownSource,
    code_ranges::CodeRanges,
    extension::MarkdownExtension,
    liquid,
    shortcode_tag::{ShortcodeTag, TagSyntax},
};
use crate::{body::RenderContext, front_matter::FileIssue, layout::Layout};

/// Markdown without the tags that are known.
#[derive(Debug)]
pub(super) struct ExpandedMarkdown<'a> {
    /// With as many lines as before.
    pub(super) markdown: Cow<'a, str>,
    /// The tags that readers see.
    pub(super) issues: Vec<FileIssue>,
}

/// Replaces all tags outside of code.
pub(super) fn expand<'a>(source: MarkdownSource<'a>, context: &RenderContext) -> ExpandedMarkdown<'a> {
    let is_on = context.options.markdown.has(MarkdownExtension::Shortcodes);
    if !is_on || !(source.markdown.contains("{{") || source.markdown.contains("{%")) {
        return ExpandedMarkdown {
            markdown: Cow::Borrowed(source.markdown),
            issues: Vec::new(),
        };
    }
    let mut expansion = Expansion {
        source,
        context,
        code: CodeRanges::new(source.markdown, context.options.markdown),
        output: String::with_capacity(source.markdown.len()),
        at: 0,
        line: source.first_line,
        missing_lines: 0,
        endless: Vec::new(),
        issues: Vec::new(),
    };
    expansion.run();
    ExpandedMarkdown {
        markdown: Cow::Owned(expansion.output),
        issues: expansion.issues,
    }
}

struct Expansion<'a, 'c> {
    source: MarkdownSource<'a>,
    context: &'c RenderContext,
    code: CodeRanges,
    output: String,
    /// How much of the Markdown is done, in bytes.
    at: usize,
    /// The line of the file at [`at`](Self::at).
    line: usize,
    /// The line ends that replacements left out so far.
    missing_lines: usize,
    /// The end tags that do not occur in the rest.
    endless: Vec<(TagSyntax, &'static str)>,
    issues: Vec<FileIssue>,
}

impl<'a> Expansion<'a, '_> {
    fn rest(&self) -> &'a str {
        self.source.markdown.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) {
        while let Some(next) = next_tag(self.rest()) {
            self.copy(next);
            let is_code = self.code.contains(self.at);
            let rest = self.rest();
            match ShortcodeTag::parse(rest) {
                Some(tag) if tag.is_escaped => self.replace(tag.length, &tag.unescaped()),
                Some(tag) if is_code && self.is_raw_in_code(&tag) => self.replace(tag.length, ""),
                Some(tag) if !is_code && self.expand_tag(&tag, rest) => {}
                Some(tag) if !is_code => {
                    self.report(&tag);
                    self.copy(tag.length);
                }
                Some(_) | None => self.copy(2),
            }
        }
        self.copy(self.rest().len());
    }

    /// Jekyll removes `raw` also from code.
    fn is_raw_in_code(&self, tag: &ShortcodeTag<'_>) -> bool {
        let is_raw = tag.syntax == TagSyntax::Percent && matches!(tag.name, "raw" | "endraw");
        is_raw && self.context.index.layout == Layout::Jekyll
    }

    /// Copies text that has no tag.
    fn copy(&mut self, length: usize) {
        let (text, _) = self.rest().split_at_checked(length).unwrap_or((self.rest(), ""));
        self.at += text.len();
        self.line += line_ends(text);
        let Some((line, lines)) = text.split_once('\n').filter(|_| self.missing_lines > 0) else {
            self.output.push_str(text);
            return;
        };
        self.output.push_str(line);
        let missing = std::mem::take(&mut self.missing_lines);
        self.output.extend(std::iter::repeat_n('\n', missing + 1));
        self.output.push_str(lines);
    }

    /// Writes other text instead of the next `length` bytes.
    fn replace(&mut self, length: usize, text: &str) {
        let replaced = self.rest().get(..length).unwrap_or_default();
        self.missing_lines += line_ends(replaced).saturating_sub(line_ends(text));
        self.line += line_ends(replaced);
        self.output.push_str(text);
        self.at += length;
    }

    /// Replaces a known tag. Returns whether it is known.
    fn expand_tag(&mut self, tag: &ShortcodeTag<'_>, rest: &str) -> bool {
        if let Some((length, text)) = self.block(tag, rest) {
            self.replace(length, &text);
            return true;
        }
        let text = match (tag.syntax, tag.name) {
            (TagSyntax::Hugo, "figure") => figure(tag),
            (TagSyntax::Hugo, "ref" | "relref") => tag.value(&["path"]).map(|path| path.replace(' ', "%20")),
            (TagSyntax::Percent, "link") => self.document(tag.arguments),
            (TagSyntax::Percent, "post_url") => self.post(tag.arguments),
            (TagSyntax::Braces, _) => liquid::output(tag.inner),
            _ => None,
        };
        if let Some(text) = &text {
            self.replace(tag.length, text);
        }
        text.is_some()
    }

    /// Returns the length of a tag with its content and end tag, and the Markdown for them.
    fn block(&mut self, tag: &ShortcodeTag<'_>, rest: &str) -> Option<(usize, String)> {
        let end_name = match (tag.syntax, tag.name) {
            (TagSyntax::Hugo, "highlight") => "/highlight",
            (TagSyntax::Percent, "highlight") => "endhighlight",
            (TagSyntax::Percent, "raw") => "endraw",
            (TagSyntax::Percent, "comment") => "endcomment",
            _ => return None,
        };
        let end_tag = (tag.syntax, end_name);
        if self.endless.contains(&end_tag) {
            return None;
        }
        let Some((content, end_length)) = split_at_end(rest.get(tag.length..)?, end_tag) else {
            // Do not search the rest again for each such tag.
            self.endless.push(end_tag);
            return None;
        };
        let text = match tag.name {
            "raw" => content.to_owned(),
            "comment" => String::new(),
            _ => fence(tag, content),
        };
        Some((tag.length + content.len() + end_length, text))
    }

    /// Returns the URL of the document at a path in the content folder.
    fn document(&self, path: &str) -> Option<String> {
        let path = path.trim().trim_matches(['"', '\'']).trim_start_matches('/');
        self.link(path).or_else(|| Some(format!("/{path}")))
    }

    fn link(&self, path: &str) -> Option<String> {
        let index = &self.context.index;
        let reference = index.link(Path::new("x"), path)?;
        matches!(reference.target, crate::content_index::ReferenceTarget::Document(_)).then_some(reference.url)
    }

    /// Returns the URL of the post whose file has that name without its ending.
    fn post(&self, name: &str) -> Option<String> {
        let name = name.trim().trim_matches(['"', '\'']).trim_start_matches('/');
        ["md", "markdown"].iter().find_map(|ending| {
            let path = format!("_posts/{name}.{ending}");
            self.link(&path).or_else(|| self.link(&format!("{name}.{ending}")))
        })
    }

    fn report(&mut self, tag: &ShortcodeTag<'_>) {
        if !tag.is_call() {
            return;
        }
        let text = self.rest().get(..tag.length).unwrap_or_default();
        let text = text.lines().next().unwrap_or_default();
        let reason = format!("readers see the tag {text}: it needs its generator or theme");
        self.issues.push(FileIssue::warning(Some(self.line), reason));
    }
}

fn line_ends(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Returns the offset of the next `{{` or `{%`. Reads the text up to there only.
fn next_tag(text: &str) -> Option<usize> {
    let mut braces = text.match_indices('{').map(|(at, _)| at);
    let found = braces.find(|at| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%')));
    #[cfg(test)]
    tests::SEARCHED.set(tests::SEARCHED.get() + found.unwrap_or(text.len()));
    found
}

/// Returns the content before the end tag, and the length of the end tag.
fn split_at_end<'t>(text: &'t str, end_tag: (TagSyntax, &str)) -> Option<(&'t str, usize)> {
    let mut at = 0;
    while let Some(next) = next_tag(text.get(at..)?) {
        at += next;
        let end = ShortcodeTag::parse(text.get(at..)?);
        if let Some(end) = end.filter(|end| (end.syntax, end.name) == end_tag) {
            return Some((text.get(..at)?, end.length));
        }
        at += 2;
    }
    None
}

/// Returns code as a fenced block.
fn fence(tag: &ShortcodeTag<'_>, content: &str) -> String {
    let ticks = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat((ticks + 1).max(3));
    let language = tag.arguments.split_whitespace().next().unwrap_or_default();
    let language = language.trim_matches(['"', '\'']);
    let start = if content.starts_with(['\n', '\r']) { "" } else { "\n" };
    let end = if content.ends_with('\n') { "" } else { "\n" };
    // Within a list, the end tag is indented.
    let is_indented = content.rsplit('\n').next().is_some_and(|last| last.trim().is_empty());
    let end = if is_indented { "" } else { end };
    format!("{fence}{language}{start}{content}{end}{fence}")
}

/// Returns a picture with its caption and link.
fn figure(tag: &ShortcodeTag<'_>) -> Option<String> {
    let src = tag.value(&["src"])?.replace(' ', "%20");
    let caption = tag
        .value(&["caption"])
        .or_else(|| tag.value(&["title"]))
        .unwrap_or_default();
    let alt = tag.value(&["alt"]).unwrap_or_default();
    let alt = alt.replace('[', "\\[").replace(']', "\\]").replace('\n', " ");
    let caption = caption.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
    let image = if caption.is_empty() {
        format!("![{alt}](<{src}>)")
    } else {
        format!("![{alt}](<{src}> \"{caption}\")")
    };
    Some(match tag.value(&["link"]) {
        Some(link) => format!("[{image}](<{}>)", link.replace(' ', "%20")),
        None => image,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The bytes in which [`next_tag`] searched, in this thread.
        pub(super) static SEARCHED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn the_work_for_many_tags_grows_with_the_length_of_the_text() {
        for tag in [
            "{{< details >}}\n\n",
            "{{< highlight go >}}\n",
            "{% highlight go %}\n",
            "{% raw %}\n",
            "{% comment %}\n{% raw %}\n",
            "{{ unclosed\n",
            "{{< highlight go >}}{{< /highlight >}}\n",
        ] {
            let markdown = tag.repeat(10_000);
            let source = MarkdownSource {
                markdown: &markdown,
                path: Path::new("x.md"),
                first_line: 1,
                language: None,
            };
            SEARCHED.set(0);
            expand(source, &RenderContext::default());
            let searched = SEARCHED.get();
            // Once for all tags, and once for each kind of end tag.
            assert!(
                (1..=8 * markdown.len()).contains(&searched),
                "{searched} bytes for {tag:?}"
            );
        }
    }
}
