//! Caches the HTML of documents.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use crate::{code_cache::CodeCache, rendered_body::RenderedBody};

/// The maximum size of all cached documents without their highlighted code, in bytes: 16 MiB.
const MAX_DOCUMENT_BYTES: u64 = 16 << 20;

/// The expected number of cached documents.
const EXPECTED_DOCUMENTS: usize = 1_000;

/// The approximate size of a cached document besides its HTML and code, in bytes.
const ENTRY_BYTES: usize = 200;

/// The HTML of the documents of one context, and their code.
#[derive(Clone, Debug)]
pub(crate) struct RenderCache {
    documents: Arc<Cache<DocumentKey, Arc<RenderedBody>, ByDocumentBytes>>,
    pub(crate) code: Arc<CodeCache>,
}

/// A hash of a document's path and Markdown.
pub(crate) type DocumentKey = u64;

#[derive(Clone)]
struct ByDocumentBytes;

impl Weighter<DocumentKey, Arc<RenderedBody>> for ByDocumentBytes {
    fn weight(&self, _: &DocumentKey, body: &Arc<RenderedBody>) -> u64 {
        (ENTRY_BYTES + body.bytes()) as u64
    }
}

impl Default for RenderCache {
    fn default() -> Self {
        Self::new(Arc::default(), MAX_DOCUMENT_BYTES)
    }
}

impl RenderCache {
    fn new(code: Arc<CodeCache>, bytes: u64) -> Self {
        Self {
            documents: Arc::new(Cache::with_weighter(EXPECTED_DOCUMENTS, bytes, ByDocumentBytes)),
            code,
        }
    }

    /// Returns a cache for another context, in which the same Markdown may have other HTML, but the same code.
    pub(crate) fn for_other_context(&self) -> Self {
        Self::new(Arc::clone(&self.code), MAX_DOCUMENT_BYTES)
    }

    pub(crate) fn document(&self, key: DocumentKey) -> Option<Arc<RenderedBody>> {
        self.documents.get(&key)
    }

    pub(crate) fn insert(&self, key: DocumentKey, body: &Arc<RenderedBody>) {
        self.documents.insert(key, Arc::clone(body));
    }

    #[cfg(test)]
    pub(crate) fn clear(&self) {
        self.documents.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_the_cache_is_bounded() {
        let cache = RenderCache::new(Arc::default(), 20_000);
        for key in 0..100 {
            cache.insert(key, &Arc::new(RenderedBody::new("x".repeat(1_000), Vec::new())));
        }
        let weight = cache.documents.weight();
        assert!(weight <= 20_000 && weight > 0, "{weight}");
    }
}
