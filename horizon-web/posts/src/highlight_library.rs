//! Highlights the code of a library ahead of its pages.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Library,
    body::DocumentBody,
    code_cache::{CodeBlock, MAX_CODE_BYTES},
    grammars::Grammars,
};

/// Highlights the code of all documents, or as much as is cached, until `should_stop`. Blocks.
///
/// One language after the other, so that the grammar of only one is in memory. A page that is requested in the meantime
/// highlights its own code.
pub(crate) fn highlight(library: &Library, should_stop: impl Fn() -> bool) {
    for blocks in pending_code(library, &should_stop).into_values() {
        let _grammars = Grammars::load();
        for (body, block) in blocks {
            if should_stop() {
                return;
            }
            body.highlight(&block);
        }
    }
}

type BlocksByLanguage<'a> = BTreeMap<String, Vec<(&'a DocumentBody, Arc<CodeBlock>)>>;

/// Returns the code that is not highlighted, by language.
fn pending_code(library: &Library, should_stop: impl Fn() -> bool) -> BlocksByLanguage<'_> {
    let mut languages = BlocksByLanguage::new();
    let mut bytes = 0;
    let posts = library.posts().iter().map(|post| &post.body);
    for body in posts.chain(library.pages().iter().map(|page| &page.body)) {
        for block in body.pending_code() {
            bytes += block.text.len() as u64;
            languages.entry(block.language.clone()).or_default().push((body, block));
        }
        if bytes > MAX_CODE_BYTES || should_stop() {
            break;
        }
    }
    languages
}
