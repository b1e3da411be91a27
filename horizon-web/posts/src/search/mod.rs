//! Full-text search: an inverted index of the posts, in memory.
//!
//! Words compare without case, accents and endings ([Snowball](https://snowballstem.org) stemmers, by the language of
//! the post). The last word of a search may be incomplete, and a word that no post has may have one typing error.
//! Scripts without spaces are indexed by pairs of characters. Results are ranked by BM25 (Robertson and Zaragoza, "The
//! Probabilistic Relevance Framework", 2009) over weighted fields.

mod builder;
mod edits;
mod passage;
mod query;
mod scores;
mod stem;
mod term_table;
mod tokens;
mod visible_text;

use std::{collections::HashMap, sync::Arc};

use builder::{IndexBuilder, IndexTerms};
use passage::PassageFinder;
pub use passage::{Passage, PassagePart};
pub use query::{MAX_SEARCH_CHARS, MAX_SEARCH_WORDS};
use stem::StemLanguage;
use visible_text::VisibleText;

use crate::{Language, Library, Post};

/// The weights of the fields of a post. A word in the title counts as much as eight in the text.
const TITLE_WEIGHT: u16 = 8;
const TAG_WEIGHT: u16 = 5;
const HEADING_WEIGHT: u16 = 3;
const DESCRIPTION_WEIGHT: u16 = 2;
const TEXT_WEIGHT: u16 = 1;

/// The maximum number of posts in the index. The scan of the folder reads fewer files.
const MAX_POSTS: u16 = u16::MAX;

/// An index of the text of all posts of a library.
#[derive(Debug)]
pub struct SearchIndex {
    documents: Vec<SearchDocument>,
    terms: IndexTerms,
    mean_length: f32,
}

/// A post in the index.
#[derive(Debug)]
struct SearchDocument {
    post: Arc<Post>,
    text: String,
    /// The number of tokens.
    length: f32,
}

/// The weighted frequency of a term in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SearchPosting {
    document: u16,
    weight: u16,
}

/// A post that matches a search.
#[derive(Clone, Debug)]
pub struct SearchResult<'a> {
    /// The post.
    pub post: &'a Arc<Post>,
    document: usize,
}

/// The results of a search, the best first.
#[derive(Debug)]
pub struct SearchResults<'a> {
    index: &'a SearchIndex,
    /// The matching posts, the best first.
    pub results: Vec<SearchResult<'a>>,
    /// The words of the search that each matching term stands for.
    matched: HashMap<&'a str, usize>,
}

impl SearchIndex {
    /// Indexes the [listed](Post::is_listed) posts of a library.
    ///
    /// Renders posts that no page has needed yet, which takes most of the time; call it from a blocking thread.
    /// `is_obsolete` is called before each post and ends the build.
    pub fn build(library: &Library, is_obsolete: impl Fn() -> bool) -> Option<Self> {
        let mut builder = IndexBuilder::default();
        let mut documents = Vec::with_capacity(library.posts().len());
        let listed = library.posts().iter().filter(|post| post.is_listed);
        for (number, post) in (0..MAX_POSTS).zip(listed) {
            if is_obsolete() {
                return None;
            }
            documents.push(add(&mut builder, number, post, library.language()));
        }
        let total: f32 = documents.iter().map(|document| document.length).sum();
        let count: u16 = u16::try_from(documents.len()).unwrap_or(MAX_POSTS);
        Some(Self {
            mean_length: total / f32::from(count.max(1)),
            documents,
            terms: builder.finish(),
        })
    }

    /// Returns the posts that match the search, the best first.
    ///
    /// These are the posts with all words. If no post has all words, each word may have a typing error, and then
    /// some of the words may be missing. A search without words matches nothing.
    #[must_use]
    pub fn search(&self, query: &str) -> SearchResults<'_> {
        let scores = scores::search(self, &query::words(query));
        let result = |document: usize| {
            let post = &self.documents.get(document)?.post;
            Some(SearchResult { post, document })
        };
        SearchResults {
            index: self,
            results: scores.documents.into_iter().filter_map(result).collect(),
            matched: scores.matched,
        }
    }
}

impl SearchResults<'_> {
    /// Returns the part of each post that matches best, or `None` if only its title or tags match.
    #[must_use]
    pub fn passages<'a>(&'a self, results: impl IntoIterator<Item = &'a SearchResult<'a>>) -> Vec<Option<Passage>> {
        let mut finder = PassageFinder::new(&self.matched);
        let documents = results
            .into_iter()
            .map(|result| self.index.documents.get(result.document));
        documents.map(|document| finder.best(&document?.text)).collect()
    }
}

fn add(builder: &mut IndexBuilder, number: u16, post: &Arc<Post>, language: &Language) -> SearchDocument {
    let language = StemLanguage::new(post.language.as_ref().unwrap_or(language));
    let VisibleText { text, headings } = VisibleText::new(&post.body.visible_html());
    builder.add(number, &post.title, TITLE_WEIGHT, language);
    for tag in &post.tags {
        builder.add(number, &tag.name, TAG_WEIGHT, language);
    }
    if let Some(description) = &post.description {
        builder.add(number, description, DESCRIPTION_WEIGHT, language);
    }
    for heading in headings {
        builder.add(number, text.get(heading).unwrap_or_default(), HEADING_WEIGHT, language);
    }
    let length = builder.add(number, &text, TEXT_WEIGHT, language);
    SearchDocument {
        post: Arc::clone(post),
        text,
        length: f32::from(u16::try_from(length).unwrap_or(u16::MAX)),
    }
}
