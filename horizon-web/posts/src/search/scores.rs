//! Ranks the documents that match a search.

use std::collections::HashMap;

use super::{
    SearchIndex,
    query::{QueryWord, TypingErrors},
};

/// How fast more occurrences of a word stop to matter (`k1` of BM25).
const SATURATION: f32 = 1.2;

/// How much the length of a document matters (`b` of BM25).
const LENGTH_INFLUENCE: f32 = 0.6;

/// The part of the importance of all words that a result must have if no document has all words.
const MIN_COVERAGE: f32 = 0.5;

/// The matching documents.
#[derive(Debug, Default)]
pub(super) struct SearchScores<'a> {
    /// The best first.
    pub(super) documents: Vec<usize>,
    /// The position in the search of the word that each matching term stands for.
    pub(super) matched: HashMap<&'a str, usize>,
}

/// The terms of each word.
type WordTerms = Vec<HashMap<usize, f32>>;

/// The score of a document.
#[derive(Clone, Copy, Debug, Default)]
struct DocumentScore {
    score: f32,
    /// The importance of the words that it has.
    coverage: f32,
    words: usize,
}

/// Returns the documents with all words, or else those with typing errors, or else those with some of the words.
pub(super) fn search<'a>(index: &'a SearchIndex, words: &[QueryWord]) -> SearchScores<'a> {
    if words.is_empty() {
        return SearchScores::default();
    }
    let terms = |errors| -> WordTerms { words.iter().map(|word| word.terms(&index.terms, errors)).collect() };
    let strict = terms(TypingErrors::InUnknownWords);
    let (scores, _) = score(index, &strict);
    let found = ranked(&scores, |score| score.words == words.len());
    if !found.is_empty() {
        return found_by(index, found, &strict);
    }
    let loose = terms(TypingErrors::InAllWords);
    let (scores, importance) = score(index, &loose);
    let mut found = ranked(&scores, |score| score.words == words.len());
    if found.is_empty() {
        found = ranked(&scores, |score| {
            score.words > 0 && score.coverage >= importance * MIN_COVERAGE
        });
    }
    found_by(index, found, &loose)
}

/// Returns the score of each document, and the importance of all words.
fn score(index: &SearchIndex, words: &WordTerms) -> (Vec<DocumentScore>, f32) {
    let mut scores = vec![DocumentScore::default(); index.documents.len()];
    let mut frequencies = vec![0_f32; index.documents.len()];
    let mut total = 0.0;
    for terms in words {
        let mut documents: Vec<usize> = Vec::new();
        for (term, quality) in terms {
            for posting in index.terms.postings.get(*term) {
                let document = usize::from(posting.document);
                if let Some(frequency) = frequencies.get_mut(document) {
                    if *frequency == 0.0 {
                        documents.push(document);
                    }
                    // A document with several forms of a word is not better than one with the right form.
                    *frequency = frequency.max(f32::from(posting.weight) * quality);
                }
            }
        }
        let importance = importance(documents.len(), index.documents.len());
        total += importance;
        for document in documents {
            let Some(frequency) = frequencies.get_mut(document).map(std::mem::take) else {
                continue;
            };
            if let (Some(score), Some(known)) = (scores.get_mut(document), index.documents.get(document)) {
                let length = known.length / index.mean_length.max(1.0);
                let norm = SATURATION * (1.0 - LENGTH_INFLUENCE + LENGTH_INFLUENCE * length);
                score.score += importance * frequency * (SATURATION + 1.0) / (frequency + norm);
                score.coverage += importance;
                score.words += 1;
            }
        }
    }
    (scores, total)
}

/// Returns how much a word says that this many of all documents have (the inverse document frequency of BM25).
fn importance(matching: usize, all: usize) -> f32 {
    let count = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
    let (matching, all) = (count(matching), count(all));
    (1.0 + (all - matching + 0.5) / (matching + 0.5)).ln()
}

/// Returns the documents that fulfil a condition, the best first, the newer of equal ones first.
fn ranked(scores: &[DocumentScore], is_match: impl Fn(&DocumentScore) -> bool) -> Vec<usize> {
    let found = scores.iter().enumerate().filter(|(_, score)| is_match(score));
    let mut found: Vec<(usize, f32)> = found.map(|(document, score)| (document, score.score)).collect();
    found.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    found.into_iter().map(|(document, _)| document).collect()
}

fn found_by<'a>(index: &'a SearchIndex, documents: Vec<usize>, words: &WordTerms) -> SearchScores<'a> {
    let matched = words.iter().enumerate().flat_map(|(word, terms)| {
        let terms = terms.keys().filter_map(|term| index.terms.terms.get(*term));
        terms.map(move |term| (term, word))
    });
    SearchScores {
        documents,
        matched: matched.collect(),
    }
}
