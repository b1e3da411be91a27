//! The text that a reader sees, from the HTML of a document.

use std::ops::Range;

use crate::unicode::nfc;

/// The maximum length of the text of a document, in bytes. The rest is not searched.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// Elements whose content is not text.
const HIDDEN: [&str; 7] = ["annotation", "button", "script", "style", "svg", "template", "title"];

/// Elements within a line of text.
const INLINE: [&str; 20] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup",
];

/// The text of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct VisibleText {
    /// One line for each block.
    pub(super) text: String,
    /// Where the headings are in `text`.
    pub(super) headings: Vec<Range<usize>>,
}

impl VisibleText {
    /// Reads HTML that a renderer made. Invalid HTML yields some text.
    pub(super) fn new(html: &str) -> Self {
        let mut this = Self::default();
        let mut heading = None;
        let html = nfc(html);
        let mut rest = &*html;
        while this.text.len() < MAX_TEXT_BYTES {
            let (text, tail) = rest.split_once('<').unwrap_or((rest, ""));
            this.push_text(text);
            if tail.is_empty() {
                break;
            }
            let (tag, tail) = split_tag(tail);
            rest = tail;
            let name = element(tag);
            if is_hidden(name, tag) {
                rest = after_element(rest, name);
            }
            if is_heading(name) {
                this.end_line();
                heading = Some(this.text.len());
            } else if let Some(start) = heading.filter(|_| name.strip_prefix('/').is_some_and(is_heading)) {
                this.headings.push(start..this.text.trim_end().len());
                heading = None;
            }
            if !is_inline(name) {
                this.end_line();
            }
        }
        this.text.truncate(this.text.trim_end().len());
        this.text.shrink_to_fit();
        let end = this.text.len();
        this.headings
            .iter_mut()
            .for_each(|range| range.end = range.end.min(end));
        this
    }

    /// Adds text with entities. Spaces are collapsed.
    fn push_text(&mut self, html: &str) {
        let mut rest = html;
        while let Some((text, tail)) = rest.split_once('&') {
            self.push_words(text);
            let (c, length) = entity(tail);
            if c.is_whitespace() {
                self.push_words(" ");
            } else {
                self.text.push(c);
            }
            rest = tail.get(length..).unwrap_or_default();
        }
        self.push_words(rest);
    }

    fn push_words(&mut self, text: &str) {
        for c in text.chars() {
            if !c.is_whitespace() {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end().len());
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}

/// Splits after the tag or comment at the start. The text starts after its `<`.
fn split_tag(text: &str) -> (&str, &str) {
    if let Some(comment) = text.strip_prefix("!--") {
        return ("!", comment.split_once("-->").map_or("", |(_, tail)| tail));
    }
    let mut quote = None;
    let end = text.find(|c| match quote {
        Some(open) if c == open => {
            quote = None;
            false
        }
        Some(_) => false,
        None if c == '"' || c == '\'' => {
            quote = Some(c);
            false
        }
        None => c == '>',
    });
    end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?)))
        .unwrap_or((text, ""))
}

/// Returns the name of a tag, with the `/` of an end tag.
fn element(tag: &str) -> &str {
    let end = tag
        .char_indices()
        .find(|(at, c)| c.is_whitespace() || (*at > 0 && *c == '/'));
    end.map_or(tag, |(end, _)| tag.get(..end).unwrap_or_default())
}

/// Returns whether the element is a heading of levels 1 to 6.
fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn is_inline(name: &str) -> bool {
    INLINE.contains(&name.trim_start_matches('/'))
}

/// Returns whether the content of the element is not text, or a sign of the renderer, such as the `#` of a heading.
fn is_hidden(name: &str, tag: &str) -> bool {
    let is_sign = name == "a" && (tag.contains("class=\"anchor\"") || tag.contains("footnote-backref"));
    HIDDEN.contains(&name) && !tag.ends_with('/') || is_sign
}

/// Returns the HTML after the next end tag of that name.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let mut ends = html.match_indices("</");
    let end = ends.find(|(at, _)| {
        html.get(at + 2..)
            .is_some_and(|tail| element(split_tag(tail).0) == name)
    });
    end.and_then(|(at, _)| html.get(at..)).unwrap_or_default()
}

/// Returns the character of an entity and its length. The text starts after its `&`. Unknown entities stay as text.
fn entity(text: &str) -> (char, usize) {
    let known = text
        .split_once(';')
        .filter(|(name, _)| name.len() <= 8)
        .and_then(|(name, _)| {
            let c = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                "nbsp" => ' ',
                _ => {
                    let number = name.strip_prefix('#')?;
                    let hex = number.strip_prefix(['x', 'X']);
                    let code = hex
                        .map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16))
                        .ok()?;
                    char::from_u32(code)?
                }
            };
            Some((c, name.len() + 1))
        });
    known.unwrap_or(('&', 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_text_without_tags() {
        let html = "<h2 id=\"a\">One &amp; <em>two</em> \
                    <a class=\"anchor\" href=\"#a\" aria-label=\"x > y\">#</a></h2>\n\
                    <p>Three&nbsp;is\n&#39;more&#x27; &lt;b&gt; R&D</p><!-- not <b>this</b> -->\
                    <script>nor() < this</script><ul><li>a<br>b</li><li>c<br />d</li></ul>";
        let VisibleText { text, headings } = VisibleText::new(html);
        assert_eq!(text, "One & two\nThree is 'more' <b> R&D\na\nb\nc\nd");
        let headings: Vec<_> = headings.into_iter().map(|range| &text[range]).collect();
        assert_eq!(headings, ["One & two"]);
    }

    #[test]
    fn invalid_html_yields_text() {
        for html in [
            "<",
            "a<b",
            "<h2>x",
            "</h2>y",
            "&",
            "&#x110000;",
            "<!--",
            "<script>",
            "<a href='",
        ] {
            let VisibleText { text, headings } = VisibleText::new(html);
            assert!(headings.iter().all(|range| text.get(range.clone()).is_some()), "{html}");
        }
        assert!(VisibleText::new(&"<p>words ".repeat(100_000)).text.len() < MAX_TEXT_BYTES + 10);
    }
}
