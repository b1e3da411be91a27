//! Caches highlighted code.

use std::{convert::Infallible, sync::Arc};

use comrak::html::escape;
use quick_cache::{Weighter, sync::Cache};

use crate::highlight_code;

/// The maximum size of all cached blocks with their HTML, in bytes: 32 MiB.
pub(crate) const MAX_CODE_BYTES: u64 = 32 << 20;

/// The expected number of cached blocks.
const EXPECTED_BLOCKS: usize = 1_000;

/// The approximate size of a cached block besides its text and HTML, in bytes.
const ENTRY_BYTES: usize = 200;

/// The code of a block in a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CodeBlock {
    pub(crate) text: String,
    pub(crate) language: String,
}

impl CodeBlock {
    pub(crate) fn new(text: &str, language: &str) -> Self {
        Self {
            text: text.to_owned(),
            language: language.to_owned(),
        }
    }

    /// Returns the highlighted code, or the escaped code if it cannot be highlighted.
    fn highlight(&self) -> String {
        highlight_code::highlight(&self.text, &self.language).unwrap_or_else(|| {
            let mut html = String::new();
            // Writing to a `String` does not fail.
            let _ = escape(&mut html, &self.text);
            html
        })
    }
}

/// The HTML of code blocks, by their text and language. All documents share it, also after a reload.
#[derive(Debug)]
pub(crate) struct CodeCache(Cache<Arc<CodeBlock>, Arc<str>, ByCodeBytes>);

#[derive(Clone)]
struct ByCodeBytes;

impl Weighter<Arc<CodeBlock>, Arc<str>> for ByCodeBytes {
    fn weight(&self, block: &Arc<CodeBlock>, html: &Arc<str>) -> u64 {
        (ENTRY_BYTES + block.text.len() + block.language.len() + html.len()) as u64
    }
}

impl Default for CodeCache {
    fn default() -> Self {
        Self::with_capacity(MAX_CODE_BYTES)
    }
}

impl CodeCache {
    fn with_capacity(bytes: u64) -> Self {
        Self(Cache::with_weighter(EXPECTED_BLOCKS, bytes, ByCodeBytes))
    }

    /// Returns the HTML of a block. Concurrent calls highlight it once.
    pub(crate) fn html(&self, block: &Arc<CodeBlock>) -> Arc<str> {
        let highlight = || Ok::<_, Infallible>(block.highlight().into());
        let Ok(html) = self.0.get_or_insert_with(block, highlight);
        html
    }

    pub(crate) fn contains(&self, block: &Arc<CodeBlock>) -> bool {
        self.0.contains_key(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_highlighted_once() {
        let cache = CodeCache::default();
        let block = || Arc::new(CodeBlock::new("let x = 1;", "rust"));
        assert!(!cache.contains(&block()));
        let html = cache.html(&block());
        assert!(html.starts_with("<span class=\"hl-keyword\">let</span>"), "{html}");
        assert!(cache.contains(&block()) && Arc::ptr_eq(&html, &cache.html(&block())));
        let other = Arc::new(CodeBlock::new("let x = 1;", "no-such-language"));
        assert_eq!(&*cache.html(&other), "let x = 1;");
    }

    #[test]
    fn the_size_of_the_cache_is_bounded() {
        let cache = CodeCache::with_capacity(10_000);
        for number in 0..100 {
            cache.html(&Arc::new(CodeBlock::new(&format!("{number:500}"), "")));
        }
        assert!(cache.0.weight() <= 10_000 && !cache.0.is_empty());
    }
}
