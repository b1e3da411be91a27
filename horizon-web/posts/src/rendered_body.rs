//! The HTML of a document without its code blocks.

use std::sync::Arc;

use comrak::html::escape;

use crate::code_cache::{CodeBlock, CodeCache};

/// Marks the position of a code block in the HTML. Rendered Markdown does not contain this character: parsers replace
/// it with U+FFFD (CommonMark §2.3).
pub(crate) const CODE_PLACEHOLDER: char = '\0';

/// HTML without its code blocks: highlighting them takes twenty times as long as the rest of the rendering.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedBody {
    html: String,
    code: Vec<Arc<CodeBlock>>,
}

impl RenderedBody {
    /// `html` contains a [`CODE_PLACEHOLDER`] for each element of `code`, in this order.
    pub(crate) fn new(html: String, code: Vec<CodeBlock>) -> Self {
        Self {
            html,
            code: code.into_iter().map(Arc::new).collect(),
        }
    }

    /// Returns the complete HTML. Highlights the code that is not in the cache.
    pub(crate) fn html(&self, cache: &CodeCache) -> String {
        self.with_code(|whole, code| whole.push_str(&cache.html(code)))
    }

    /// Returns the HTML with code that is not highlighted.
    pub(crate) fn visible_html(&self) -> String {
        self.with_code(|whole, code| {
            // Writing to a `String` does not fail.
            let _ = escape(whole, &code.text);
        })
    }

    /// Returns the HTML with the code that `push` appends.
    fn with_code(&self, push: impl Fn(&mut String, &Arc<CodeBlock>)) -> String {
        let mut whole = String::with_capacity(self.html.len() * 2);
        let mut parts = self.html.split(CODE_PLACEHOLDER);
        whole.push_str(parts.next().unwrap_or_default());
        for (code, part) in self.code.iter().zip(parts) {
            push(&mut whole, code);
            whole.push_str(part);
        }
        whole
    }

    pub(crate) fn code(&self) -> &[Arc<CodeBlock>] {
        &self.code
    }

    /// Returns its size in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let code = self.code.iter().map(|code| code.text.len() + size_of::<CodeBlock>());
        self.html.len() + code.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highlighted_code_replaces_its_placeholder() {
        let code = vec![
            CodeBlock::new("a < b", "no-such-language"),
            CodeBlock::new("// x", "rust"),
        ];
        let cache = CodeCache::default();
        let body = RenderedBody::new("<p>one</p>\0<p>two</p>\0".into(), code);
        assert_eq!(
            body.html(&cache),
            "<p>one</p>a &lt; b<p>two</p><span class=\"hl-comment\">// x</span>"
        );
        assert_eq!(body.visible_html(), "<p>one</p>a &lt; b<p>two</p>// x");
        assert_eq!(
            RenderedBody::new("<p>none</p>".into(), Vec::new()).html(&cache),
            "<p>none</p>"
        );
    }
}
