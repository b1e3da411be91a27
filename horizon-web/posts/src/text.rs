//! Plain text of a document: reading time, excerpt, and the slugs of tags.

use comrak::nodes::{Node, NodeValue};

/// The reading speed for prose.
const WORDS_PER_MINUTE: usize = 220;

/// The maximum length of an excerpt, in characters.
const EXCERPT_CHARS: usize = 200;

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
    let mut excerpt = String::new();
    for node in root.children() {
        if !matches!(node.data().value, NodeValue::Paragraph) {
            continue;
        }
        for word in node.collect_text().split_whitespace() {
            if excerpt.chars().count() + word.chars().count() >= EXCERPT_CHARS {
                excerpt.push('…');
                return excerpt;
            }
            if !excerpt.is_empty() {
                excerpt.push(' ');
            }
            excerpt.push_str(word);
        }
    }
    excerpt
}

/// Returns the slug of a tag: lower-case letters and digits, separated by `-`.
pub(crate) fn tag_slug(name: &str) -> String {
    // C, C++ and C# are three tags.
    let name = name.to_lowercase().replace('+', "plus").replace('#', "sharp");
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
            ("???", ""),
        ] {
            assert_eq!(tag_slug(name), slug);
        }
    }
}
