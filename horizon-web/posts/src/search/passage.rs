//! The part of a text that matches a search best.

use std::{collections::HashMap, ops::Range};

use super::tokens;
use crate::unicode::fold;

/// The length of a passage, in characters.
const PASSAGE_CHARS: usize = 180;

/// The characters before the first match.
const LEADING_CHARS: usize = 40;

/// The maximum length of the text that is looked through, in bytes.
const MAX_SCANNED_BYTES: usize = 64 << 10;

/// The maximum number of matches that are compared.
const MAX_MATCHES: usize = 64;

/// A part of a text that matches a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The text, in parts.
    pub parts: Vec<PassagePart>,
}

/// A part of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassagePart {
    /// Plain text.
    pub text: String,
    /// Whether it matches a word of the search.
    pub is_match: bool,
}

/// A match in a text.
struct PassageMatch {
    range: Range<usize>,
    word: usize,
}

/// The maximum number of words that are remembered.
const MAX_KNOWN_WORDS: usize = 4_096;

/// Finds the passages of one search.
#[derive(Debug)]
pub(super) struct PassageFinder<'a> {
    /// The position in the search of the word that each matching term stands for.
    terms: &'a HashMap<&'a str, usize>,
    /// Whether words of the texts match. Folding is slow, and texts repeat their words.
    known: HashMap<&'a str, Option<usize>>,
}

impl<'a> PassageFinder<'a> {
    pub(super) fn new(terms: &'a HashMap<&'a str, usize>) -> Self {
        Self {
            terms,
            known: HashMap::new(),
        }
    }

    /// Returns the passage with the most words of the search, the first of several; `None` if no word is in the text.
    pub(super) fn best(&mut self, text: &'a str) -> Option<Passage> {
        let scanned = text.get(..text.floor_char_boundary(MAX_SCANNED_BYTES))?;
        let matches = tokens::tokens(scanned).filter_map(|token| {
            let (word, range) = (self.word(token.text)?, token.range());
            Some(PassageMatch { range, word })
        });
        let matches: Vec<PassageMatch> = matches.take(MAX_MATCHES).collect();
        let mut best: Option<(u32, Range<usize>)> = None;
        for (at, first) in matches.iter().enumerate() {
            let range = window(text, first.range.start);
            let inside = matches.iter().skip(at).take_while(|other| other.range.end <= range.end);
            let words = inside.fold(0_u32, |words, other| words | 1 << other.word.min(31));
            if best.as_ref().is_none_or(|(most, _)| words.count_ones() > *most) {
                best = Some((words.count_ones(), range));
            }
        }
        let (_, range) = best?;
        Some(passage(text, &range, &matches))
    }

    fn word(&mut self, text: &'a str) -> Option<usize> {
        if let Some(word) = self.known.get(text) {
            return *word;
        }
        let word = self.terms.get(fold(text).as_str()).copied();
        if self.known.len() < MAX_KNOWN_WORDS {
            self.known.insert(text, word);
        }
        word
    }
}

/// Returns the window around a match: from the start of a word or line to the end of a word.
fn window(text: &str, first: usize) -> Range<usize> {
    let (before, after) = text.split_at_checked(first).unwrap_or((text, ""));
    let lead = before.char_indices().rev().take(LEADING_CHARS);
    let starts = lead
        .take_while(|(_, c)| *c != '\n')
        .map(|(at, c)| (at, c, at + c.len_utf8()));
    // The first character of the line, or else the first one after a space.
    let mut start = first;
    for (at, c, end) in starts {
        if at == 0 || before.get(..at).is_some_and(|before| before.ends_with('\n')) {
            start = at;
        } else if c.is_whitespace() {
            start = end;
        }
    }
    let length = PASSAGE_CHARS.saturating_sub(text.get(start..first).unwrap_or_default().chars().count());
    let Some((end, _)) = after.char_indices().nth(length) else {
        return start..text.len();
    };
    let end = after
        .get(..end)
        .and_then(|kept| kept.rfind(char::is_whitespace))
        .unwrap_or(end);
    start..first + end
}

/// Cuts the window into parts with and without a match.
fn passage(text: &str, window: &Range<usize>, matches: &[PassageMatch]) -> Passage {
    let mut parts = Vec::new();
    if !text
        .get(..window.start)
        .is_none_or(|before| before.is_empty() || before.ends_with('\n'))
    {
        push(&mut parts, "…", false);
    }
    let mut at = window.start;
    for PassageMatch { range, .. } in matches {
        if range.end > at && range.end <= window.end {
            push(&mut parts, text.get(at..range.start).unwrap_or_default(), false);
            push(
                &mut parts,
                text.get(range.start.max(at)..range.end).unwrap_or_default(),
                true,
            );
            at = range.end;
        }
    }
    push(&mut parts, text.get(at..window.end).unwrap_or_default(), false);
    if window.end < text.len() {
        push(&mut parts, "…", false);
    }
    Passage { parts }
}

fn push(parts: &mut Vec<PassagePart>, text: &str, is_match: bool) {
    let text = text.replace('\n', " ");
    match parts.last_mut().filter(|last| last.is_match == is_match) {
        Some(last) => last.text.push_str(&text),
        None if text.is_empty() => {}
        None => parts.push(PassagePart { text, is_match }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, terms: &[&str]) -> String {
        let terms = terms.iter().copied().zip(0..).collect();
        let parts = PassageFinder::new(&terms).best(text).unwrap().parts.into_iter();
        parts
            .map(|part| {
                if part.is_match {
                    format!("[{}]", part.text)
                } else {
                    part.text
                }
            })
            .collect()
    }

    #[test]
    fn the_passage_with_the_most_words_is_chosen() {
        let text = format!(
            "One apple.\n{}\nAn Ápple and a pear, together.\n{}",
            "word ".repeat(60),
            "more ".repeat(60)
        );
        let passage = marked(&text, &["apple", "pear"]);
        assert!(
            passage.starts_with("An [Ápple] and a [pear], together. more"),
            "{passage}"
        );
        assert!(passage.ends_with("more…"), "{passage}");
    }

    #[test]
    fn a_passage_starts_and_ends_between_words() {
        let text = format!("{}target {}", "abcde ".repeat(50), "fghij ".repeat(50));
        let passage = marked(&text, &["target"]);
        assert!(
            passage.starts_with("…abcde abcde") && passage.ends_with("fghij…"),
            "{passage}"
        );
        assert!(passage.chars().count() < PASSAGE_CHARS + 5, "{passage}");
    }

    #[test]
    fn neighbours_in_a_script_without_spaces_are_one_match() {
        assert_eq!(
            marked("猫の全文検索です。", &["全文", "文検", "検索"]),
            "猫の[全文検索]です。"
        );
        let long = "検索の".repeat(200);
        assert!(marked(&long, &["索の"]).chars().filter(|c| !"[]".contains(*c)).count() <= PASSAGE_CHARS + 2);
    }

    #[test]
    fn a_text_without_a_match_has_no_passage() {
        assert_eq!(
            PassageFinder::new(&HashMap::from([("pear", 0)])).best("One apple."),
            None
        );
        assert_eq!(PassageFinder::new(&HashMap::new()).best(""), None);
    }
}
