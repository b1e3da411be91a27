//! Collects the terms of documents for the index.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    SearchPosting,
    stem::StemLanguage,
    term_table::{GroupedList, TermTable},
    tokens::{self, SearchTokenKind},
};
use crate::unicode::fold;

/// The maximum number of words whose terms are remembered. Folding is slow, and frequent words return soon.
const MAX_KNOWN_WORDS: usize = 4_096;

/// The terms of all documents.
#[derive(Debug, Default)]
pub(super) struct IndexBuilder {
    /// The numbers of words as they are written.
    known: HashMap<String, u32>,
    numbers: HashMap<String, u32>,
    /// The documents of each term, in order.
    postings: Vec<Vec<SearchPosting>>,
    /// The terms of each stem.
    stems: BTreeMap<String, Vec<u32>>,
    stemmed: HashSet<(StemLanguage, u32)>,
}

/// The terms of an index.
#[derive(Debug)]
pub(super) struct IndexTerms {
    pub(super) terms: TermTable,
    pub(super) postings: GroupedList<SearchPosting>,
    pub(super) stems: TermTable,
    /// The terms of each stem.
    pub(super) stem_terms: GroupedList<u32>,
    pub(super) languages: Vec<StemLanguage>,
}

impl IndexBuilder {
    /// Adds a text of a document. The documents are added in order.
    pub(super) fn add(&mut self, document: u16, text: &str, weight: u16, language: Option<StemLanguage>) -> usize {
        let mut count = 0;
        for token in tokens::tokens(text) {
            let Some(number) = self.number(token.text) else {
                continue;
            };
            count += 1;
            if let Some(postings) = usize::try_from(number).ok().and_then(|at| self.postings.get_mut(at)) {
                match postings.last_mut().filter(|last| last.document == document) {
                    Some(last) => last.weight = last.weight.saturating_add(weight),
                    None => postings.push(SearchPosting { document, weight }),
                }
            }
            if let Some(language) = language.filter(|_| token.kind == SearchTokenKind::Word)
                && self.stemmed.insert((language, number))
                && let Some(stem) = language.stem(&token.text.to_lowercase())
            {
                let terms = self.stems.entry(stem).or_default();
                if !terms.contains(&number) {
                    terms.push(number);
                }
            }
        }
        count
    }

    /// Returns the number of the term of a word, or `None` if the word consists of invisible characters.
    fn number(&mut self, word: &str) -> Option<u32> {
        if let Some(number) = self.known.get(word) {
            return Some(*number);
        }
        let term = fold(word);
        if term.is_empty() {
            return None;
        }
        let next = u32::try_from(self.postings.len()).unwrap_or(u32::MAX);
        let postings = &mut self.postings;
        let number = *self.numbers.entry(term).or_insert_with(|| {
            postings.push(Vec::new());
            next
        });
        if self.known.len() >= MAX_KNOWN_WORDS {
            self.known.clear();
        }
        self.known.insert(word.to_owned(), number);
        Some(number)
    }

    pub(super) fn finish(mut self) -> IndexTerms {
        let mut order: Vec<(String, u32)> = self.numbers.drain().collect();
        order.sort_unstable();
        let position = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        let mut renumbered = vec![0; order.len()];
        for (new, (_, old)) in (0..).zip(&order) {
            if let Some(entry) = renumbered.get_mut(position(old)) {
                *entry = new;
            }
        }
        let mut postings = self.postings;
        let sorted = order
            .iter()
            .map(|(_, old)| postings.get_mut(position(old)).map(std::mem::take).unwrap_or_default());
        let mut languages: Vec<StemLanguage> = self.stemmed.iter().map(|(language, _)| *language).collect();
        languages.sort_unstable();
        languages.dedup();
        let renumber = |terms: &Vec<u32>| {
            terms
                .iter()
                .filter_map(|old| renumbered.get(position(old)).copied())
                .collect()
        };
        IndexTerms {
            postings: GroupedList::new(sorted),
            terms: TermTable::new(order.iter().map(|(term, _)| term.as_str())),
            stem_terms: GroupedList::new(self.stems.values().map(renumber)),
            stems: TermTable::new(self.stems.keys().map(String::as_str)),
            languages,
        }
    }
}

impl IndexTerms {
    /// Returns the terms of a stem.
    pub(super) fn terms_of(&self, stem: usize) -> impl Iterator<Item = usize> {
        self.stem_terms
            .get(stem)
            .iter()
            .filter_map(|term| usize::try_from(*term).ok())
    }
}
