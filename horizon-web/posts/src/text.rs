//! Plain text of a document: reading time, excerpt, and the slugs of tags.

use std::borrow::Cow;

use comrak::nodes::{Node, NodeValue};

use crate::unicode::nfc;

/// The maximum length of a summary before `<!--more-->`, in characters.
const SUMMARY_CHARS: usize = 1_000;

/// The maximum length of an excerpt, in characters.
const EXCERPT_CHARS: usize = 200;

/// The maximum length of a description for search engines, in characters.
const META_DESCRIPTION_CHARS: usize = 160;

/// The reading time of a minute. All times below divide it.
const MINUTE: usize = 11_000;

/// 220 words a minute.
const WORD: usize = MINUTE / 220;

/// 440 words a minute.
const CODE_WORD: usize = MINUTE / 440;

/// 500 characters of Chinese or Japanese a minute.
const CJK_CHAR: usize = MINUTE / 500;

/// 1,100 characters a minute for other scripts that are written without spaces: five in a word.
const UNSPACED_CHAR: usize = MINUTE / 1_100;

/// Returns the reading time in minutes, at least 1.
pub(crate) fn reading_minutes(root: Node<'_>) -> u32 {
    let time = |node: Node<'_>| match &node.data().value {
        NodeValue::Text(text) => reading_time(text),
        NodeValue::Code(inline) => reading_time(&inline.literal),
        NodeValue::Math(math) => reading_time(&math.literal),
        NodeValue::CodeBlock(block) => block.literal.split_whitespace().count() * CODE_WORD,
        _ => 0,
    };
    let total: usize = root.descendants().map(time).sum();
    let minutes = (total + MINUTE / 2) / MINUTE;
    u32::try_from(minutes).unwrap_or(u32::MAX).max(1)
}

fn reading_time(text: &str) -> usize {
    text.split_whitespace().map(word_time).sum()
}

/// Returns the reading time of the text between two spaces.
fn word_time(word: &str) -> usize {
    let count = |is_counted: fn(char) -> bool| word.chars().filter(|c| is_counted(*c)).count();
    let (cjk, unspaced) = (count(is_cjk), count(is_unspaced));
    let is_word = cjk + unspaced < word.chars().count();
    cjk * CJK_CHAR + unspaced * UNSPACED_CHAR + usize::from(is_word && count(is_full_width_mark) == 0) * WORD
}

/// Returns whether this is a letter of Chinese or Japanese. Korean has spaces.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3fffd}')
}

/// Returns whether this is a letter of Thai, Lao, Myanmar or Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Returns whether this is punctuation of Chinese or Japanese.
fn is_full_width_mark(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{303f}' | '\u{ff00}'..='\u{ff65}')
}

/// Returns whether the words of the letter's script have no spaces between them.
pub(crate) fn is_unspaced_script(c: char) -> bool {
    is_cjk(c) || is_unspaced(c)
}

/// What plain text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextUse {
    /// Texts of images are part of it.
    Heading,
    /// Emoji have their names.
    HeadingId,
    /// Texts of images are left out.
    Prose,
}

/// Returns the text of a node and its children.
pub(crate) fn plain(node: Node<'_>, text_use: TextUse) -> String {
    let mut text = String::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        match &node.data().value {
            NodeValue::Text(literal) => text.push_str(literal),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::Math(math) => text.push_str(&math.literal),
            NodeValue::LineBreak | NodeValue::SoftBreak => text.push(' '),
            NodeValue::ShortCode(emoji) if text_use == TextUse::HeadingId => text.push_str(&emoji.code),
            NodeValue::ShortCode(emoji) => text.push_str(&emoji.emoji),
            NodeValue::Image(_) if text_use == TextUse::Prose => {}
            _ => stack.extend(node.reverse_children()),
        }
    }
    text
}

/// Returns the first paragraphs as plain text, cut between words.
pub(crate) fn excerpt(root: Node<'_>) -> String {
    let paragraphs = root.children().filter(|node| is_paragraph(node));
    start(paragraphs.map(|node| plain(node, TextUse::Prose)), EXCERPT_CHARS)
}

/// Returns the paragraphs before `<!--more-->` as plain text, or `None` if there is no such comment.
pub(crate) fn summary(root: Node<'_>) -> Option<String> {
    let mut paragraphs = Vec::new();
    for node in root.children() {
        let more = node.descendants().find(|inner| is_more(inner));
        if is_paragraph(node) {
            let before = node
                .children()
                .take_while(|child| more.is_none_or(|more| !child.same_node(more)));
            paragraphs.push(before.map(|child| plain(child, TextUse::Prose)).collect());
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

/// Returns the words of the paragraphs, at most `max_chars` characters and `…` if it is cut.
fn start(paragraphs: impl Iterator<Item = String>, max_chars: usize) -> String {
    let mut start = String::new();
    let mut length = 0;
    for paragraph in paragraphs {
        for word in paragraph.split_whitespace() {
            let word_length = word.chars().count();
            let space = usize::from(!start.is_empty());
            if length + space + word_length > max_chars {
                // A script without spaces, or a word that is longer than all of the text may be.
                if start.is_empty() || word.chars().any(is_unspaced_script) {
                    start.extend(" ".chars().take(space));
                    start.extend(word.chars().take(max_chars.saturating_sub(length + space)));
                }
                start.truncate(start.trim_end().len());
                start.push('…');
                return start;
            }
            start.extend(" ".chars().take(space));
            start.push_str(word);
            length += space + word_length;
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
