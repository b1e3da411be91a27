//! Plain text of a document: reading time, excerpt, and the slugs of tags.

use std::borrow::Cow;

use comrak::nodes::{Node, NodeValue};

use crate::unicode::nfc;

/// The maximum length of a summary before `<!--more-->`, in characters.
const SUMMARY_CHARS: usize = 1_000;

/// The reading speed for prose.
const WORDS_PER_MINUTE: usize = 220;

/// The maximum length of an excerpt, in characters.
const EXCERPT_CHARS: usize = 200;

/// The maximum length of a description for search engines, in characters.
const META_DESCRIPTION_CHARS: usize = 160;

/// Returns the reading time in minutes, at least 1. A word of a code block counts half.
pub(crate) fn reading_minutes(root: Node<'_>) -> u32 {
    let (mut prose, mut code) = (0, 0);
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => prose += words(text),
            NodeValue::Code(inline) => prose += words(&inline.literal),
            NodeValue::CodeBlock(block) => code += words(&block.literal),
            _ => {}
        }
    }
    let minutes = (prose + code / 2 + WORDS_PER_MINUTE / 2) / WORDS_PER_MINUTE;
    u32::try_from(minutes).unwrap_or(u32::MAX).max(1)
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Returns the first paragraphs as plain text, cut between words.
pub(crate) fn excerpt(root: Node<'_>) -> String {
    let paragraphs = root.children().filter(|node| is_paragraph(node));
    start(paragraphs.map(|node| node.collect_text()), EXCERPT_CHARS)
}

/// Returns the paragraphs before `<!--more-->` as plain text, or `None` if there is no such comment.
pub(crate) fn summary(root: Node<'_>) -> Option<String> {
    let mut paragraphs = Vec::new();
    for node in root.children() {
        if is_more(node) {
            return Some(start(paragraphs.into_iter(), SUMMARY_CHARS));
        }
        let more = node.descendants().find(|inner| is_more(inner));
        if is_paragraph(node) {
            paragraphs.push(match more {
                Some(more) => text_before(node, more),
                None => node.collect_text(),
            });
        }
        if more.is_some() {
            return Some(start(paragraphs.into_iter(), SUMMARY_CHARS));
        }
    }
    None
}

fn is_paragraph(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Paragraph)
}

/// Returns whether the node is the comment that ends the summary in Hugo, Zola and Jekyll.
fn is_more(node: Node<'_>) -> bool {
    let data = node.data();
    let html = match &data.value {
        NodeValue::HtmlBlock(block) => &block.literal,
        NodeValue::HtmlInline(literal) => literal,
        _ => return false,
    };
    let comment = html
        .trim()
        .strip_prefix("<!--")
        .and_then(|rest| rest.strip_suffix("-->"));
    comment.is_some_and(|comment| comment.trim().eq_ignore_ascii_case("more"))
}

/// Returns the text of `node` up to its child `end`.
fn text_before<'a>(node: Node<'a>, end: Node<'a>) -> String {
    let mut text = String::new();
    for child in node.children().take_while(|child| !child.same_node(end)) {
        text.push_str(&child.collect_text());
    }
    text
}

/// Returns the words of the paragraphs, cut after at most `max_chars` characters.
fn start(paragraphs: impl Iterator<Item = String>, max_chars: usize) -> String {
    let mut start = String::new();
    let mut length = 0;
    for paragraph in paragraphs {
        for word in paragraph.split_whitespace() {
            let word_length = word.chars().count();
            if length + word_length >= max_chars {
                start.push('…');
                return start;
            }
            if !start.is_empty() {
                start.push(' ');
                length += 1;
            }
            start.push_str(word);
            length += word_length;
        }
    }
    start
}

/// Returns a text in one line of at most [`META_DESCRIPTION_CHARS`] characters, cut between words if there are any.
pub(crate) fn meta_description(text: &str) -> Cow<'_, str> {
    let has_other_spaces = text.chars().any(|c| c.is_whitespace() && c != ' ');
    if text.chars().count() <= META_DESCRIPTION_CHARS && !has_other_spaces && !text.contains("  ") {
        return Cow::Borrowed(text.trim());
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= META_DESCRIPTION_CHARS {
        return Cow::Owned(line);
    }
    let cut: String = line.chars().take(META_DESCRIPTION_CHARS).collect();
    let words = match cut.rsplit_once(' ') {
        // The cut is in the middle of a sentence without spaces.
        Some((words, rest)) if rest.chars().count() < META_DESCRIPTION_CHARS / 2 => words.to_owned(),
        _ => line.chars().take(META_DESCRIPTION_CHARS - 1).collect(),
    };
    Cow::Owned(format!("{}…", words.trim_end_matches(|c: char| !c.is_alphanumeric())))
}

/// Returns the slug of a tag: lower-case letters and digits, separated by `-`.
pub(crate) fn tag_slug(name: &str) -> String {
    // C, C++ and C# are three tags.
    let name = nfc(name).to_lowercase().replace('+', "plus").replace('#', "sharp");
    let parts: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_named_the_same_however_it_is_written() {
        for (name, slug) in [
            ("Rust", "rust"),
            (" exactly  once ", "exactly-once"),
            ("C++", "cplusplus"),
            ("C#", "csharp"),
            ("node.js", "node-js"),
            ("Ünïcode", "ünïcode"),
            ("U\u{308}nïcode", "ünïcode"),
            ("???", ""),
        ] {
            assert_eq!(tag_slug(name), slug);
        }
    }
    #[test]
    fn a_meta_description_is_one_line_of_at_most_160_characters() {
        assert_eq!(meta_description("Short and\n good. "), "Short and good.");
        assert_eq!(meta_description("Short."), Cow::Borrowed("Short."));
        let words = meta_description(&"word, ".repeat(60)).into_owned();
        assert!(
            words.ends_with("word, word…") && words.chars().count() <= 160,
            "{words}"
        );
        assert_eq!(meta_description(&"字".repeat(200)).chars().count(), 160);
    }
}
