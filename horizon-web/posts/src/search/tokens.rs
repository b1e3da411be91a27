//! Splits text into the units of the search: words, and pairs of characters where a script has no spaces.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// The maximum length of a token, in bytes. Longer ones are not words but data.
const MAX_TOKEN_BYTES: usize = 64;

/// A word, or one or two characters of a script without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SearchToken<'a> {
    pub(super) text: &'a str,
    /// The offset in the text, in bytes.
    pub(super) start: usize,
    pub(super) kind: SearchTokenKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SearchTokenKind {
    Word,
    /// Characters of a script without spaces: two, or one that stands alone.
    Characters,
    /// The last character of a longer run, so that a search for one character finds it.
    RunEnd,
}

impl SearchToken<'_> {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Returns the tokens of the text, in order.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = SearchToken<'_>> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let tail = text.get(rest..)?;
        let start = rest + tail.find(|c| is_word_char(c) || is_unspaced(c))?;
        let tail = text.get(start..)?;
        let is_run = tail.starts_with(is_unspaced);
        let length = if is_run {
            tail.find(|c| !is_unspaced(c) && !is_combining_mark(c))
                .unwrap_or(tail.len())
        } else {
            word_length(tail)
        };
        rest = start + length;
        Some((start, text.get(start..rest)?, is_run))
    })
    .flat_map(|(start, text, is_run)| {
        let (word, run) = if is_run { (None, Some(text)) } else { (Some(text), None) };
        let word = word
            .filter(|word| word.len() <= MAX_TOKEN_BYTES)
            .map(|text| SearchToken {
                text,
                start,
                kind: SearchTokenKind::Word,
            });
        word.into_iter()
            .chain(run.into_iter().flat_map(move |run| pairs(run, start)))
    })
}

/// Returns the length of the word at the start, in bytes. `C++` and `C#` are words.
fn word_length(text: &str) -> usize {
    let length = text.find(|c| !is_word_char(c) || is_unspaced(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(length);
    let suffix = ["++", "#"].into_iter().find(|suffix| rest.starts_with(suffix));
    match suffix {
        Some(suffix) if word.len() == 1 => length + suffix.len(),
        _ => length,
    }
}

/// Returns each two neighbours of a run of characters, and its last character.
fn pairs(run: &str, offset: usize) -> impl Iterator<Item = SearchToken<'_>> {
    run.char_indices().map(move |(start, c)| {
        let tail = run.get(start..).unwrap_or_default();
        let second = tail.get(c.len_utf8()..).and_then(|rest| rest.chars().next());
        let length = c.len_utf8() + second.map_or(0, char::len_utf8);
        let kind = match second {
            None if start > 0 => SearchTokenKind::RunEnd,
            _ => SearchTokenKind::Characters,
        };
        SearchToken {
            text: tail.get(..length).unwrap_or_default(),
            start: offset + start,
            kind,
        }
    })
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\u{AD}' | '\u{200C}' | '\u{200D}')
}

/// Returns whether the character is of a script that is written without spaces between words: Chinese characters,
/// kana, Thai, Lao, Burmese, Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}'
        | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).map(|token| token.text).collect()
    }

    #[test]
    fn words_end_at_spaces_and_punctuation() {
        assert_eq!(
            texts("Don't panic: l'été, 3.14!"),
            ["Don", "t", "panic", "l", "été", "3", "14"]
        );
        assert_eq!(
            texts("C++, C# and F#; node.js++"),
            ["C++", "C#", "and", "F#", "node", "js"]
        );
        assert_eq!(texts("  "), Vec::<&str>::new());
        assert_eq!(texts(&format!("a {} b", "x".repeat(65))), ["a", "b"]);
    }

    #[test]
    fn scripts_without_spaces_are_split_into_pairs() {
        assert_eq!(texts("Rustで検索"), ["Rust", "で検", "検索", "索"]);
        assert_eq!(texts("猫。"), ["猫"]);
        let kinds: Vec<_> = tokens("猫 検索").map(|token| token.kind).collect();
        let expected = [
            SearchTokenKind::Characters,
            SearchTokenKind::Characters,
            SearchTokenKind::RunEnd,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_token_knows_where_it_is() {
        let text = "Über 検索, x";
        assert!(tokens(text).all(|token| &text[token.range()] == token.text));
    }
}
