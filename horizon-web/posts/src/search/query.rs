//! The words of a search, and the terms of the index that they match.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use super::{
    builder::IndexTerms,
    edits,
    tokens::{self, SearchTokenKind},
};
use crate::unicode::fold;

/// The maximum number of words in a search; more are ignored. A script without spaces has a word for each two
/// characters.
pub const MAX_SEARCH_WORDS: usize = 16;

/// The maximum length of a search, in characters; the rest is ignored.
pub const MAX_SEARCH_CHARS: usize = 200;

/// The maximum number of terms that a word matches; the most frequent ones are used.
const MAX_TERMS_PER_WORD: usize = 64;

/// The minimum length of the start of a word, in characters.
const MIN_PREFIX_CHARS: usize = 2;

/// How well a term matches a word, from 0 to 1.
const EXACT: f32 = 1.0;
const SAME_STEM: f32 = 0.8;
const PREFIX: f32 = 0.5;
const TYPING_ERROR: f32 = 0.3;

/// Whether words may have a typing error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypingErrors {
    /// Only in words that the index does not contain.
    InUnknownWords,
    InAllWords,
}

/// A word of a search.
#[derive(Clone, Debug)]
pub(super) struct QueryWord {
    /// In lower case.
    lower: String,
    /// The folded word.
    term: String,
    is_last: bool,
    kind: SearchTokenKind,
}

/// Splits a search into words.
pub(super) fn words(query: &str) -> Vec<QueryWord> {
    let query: String = query.chars().take(MAX_SEARCH_CHARS).nfkc().collect();
    let is_complete = query.ends_with(char::is_whitespace);
    let tokens = tokens::tokens(&query).filter(|token| token.kind != SearchTokenKind::RunEnd);
    let word = |token: tokens::SearchToken<'_>| QueryWord {
        lower: token.text.to_lowercase(),
        term: fold(token.text),
        is_last: false,
        kind: token.kind,
    };
    let mut words: Vec<QueryWord> = tokens.map(word).filter(|word| !word.term.is_empty()).collect();
    if let Some(last) = words.last_mut() {
        last.is_last = !is_complete;
    }
    words.truncate(MAX_SEARCH_WORDS);
    words
}

impl QueryWord {
    /// Returns the matching terms, and how well they match.
    pub(super) fn terms(&self, index: &IndexTerms, errors: TypingErrors) -> HashMap<usize, f32> {
        let mut found = HashMap::new();
        add(&mut found, EXACT, index.terms.find(&self.term));
        if self.kind == SearchTokenKind::Word {
            for stem in self.stems(index) {
                add(
                    &mut found,
                    SAME_STEM,
                    index
                        .stems
                        .find(&stem)
                        .into_iter()
                        .flat_map(|stem| index.terms_of(stem)),
                );
            }
        }
        if self.is_last || found.is_empty() {
            add(&mut found, PREFIX, most_frequent(index, self.continued(index)));
        }
        let is_long = self.kind == SearchTokenKind::Word && self.term.chars().count() >= edits::MIN_CHARS;
        if is_long && (found.is_empty() || errors == TypingErrors::InAllWords) {
            add(&mut found, TYPING_ERROR, most_frequent(index, self.similar(index)));
        }
        found
    }

    /// Returns the stems of the word in the languages of the index.
    fn stems(&self, index: &IndexTerms) -> Vec<String> {
        let stems = index.languages.iter().filter_map(|language| language.stem(&self.lower));
        let mut stems: Vec<String> = stems.collect();
        stems.sort_unstable();
        stems.dedup();
        stems
    }

    /// Returns the terms that start with the word.
    fn continued(&self, index: &IndexTerms) -> Vec<usize> {
        let mut chars = self.term.chars();
        let is_short =
            self.kind == SearchTokenKind::Word && chars.by_ref().take(MIN_PREFIX_CHARS).count() < MIN_PREFIX_CHARS;
        // Two characters are a whole term.
        if is_short || self.kind == SearchTokenKind::Characters && chars.count() > 1 {
            return Vec::new();
        }
        index.terms.starting_with(&self.term).collect()
    }

    /// Returns the terms that the word is with one error, and those with such a stem.
    fn similar(&self, index: &IndexTerms) -> Vec<usize> {
        let mut terms: Vec<usize> = index.terms.similar(&self.term).collect();
        for stem in self
            .stems(index)
            .iter()
            .filter(|stem| stem.chars().count() >= edits::MIN_CHARS)
        {
            terms.extend(index.stems.similar(stem).flat_map(|stem| index.terms_of(stem)));
        }
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

fn add(found: &mut HashMap<usize, f32>, quality: f32, terms: impl IntoIterator<Item = usize>) {
    for term in terms {
        found.entry(term).or_insert(quality);
    }
}

fn most_frequent(index: &IndexTerms, mut terms: Vec<usize>) -> Vec<usize> {
    terms.sort_by_key(|term| std::cmp::Reverse(index.postings.get(*term).len()));
    terms.truncate(MAX_TERMS_PER_WORD);
    terms
}
