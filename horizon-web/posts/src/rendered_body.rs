//! The HTML of a document, with code that is highlighted on first use.

use std::{borrow::Cow, sync::OnceLock};

use comrak::html::escape;

use crate::highlight_code;

/// Marks the position of a code block in the HTML. Rendered Markdown does not contain this character: parsers replace
/// it with U+FFFD (CommonMark §2.3).
pub(crate) const CODE_PLACEHOLDER: char = '\0';

/// HTML without its code blocks, and the complete HTML after the first request.
///
/// Highlighting takes twenty times as long as the rest of the rendering, and a blog renders all posts at startup.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedBody {
    html: String,
    code: Vec<CodeBlock>,
    whole: OnceLock<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct CodeBlock {
    text: String,
    language: String,
}

impl CodeBlock {
    pub(crate) fn new(text: &str, language: &str) -> Self {
        Self {
            text: text.to_owned(),
            language: language.to_owned(),
        }
    }

    fn push_to(&self, html: &mut String) {
        match highlight_code::highlight(&self.text, &self.language) {
            Some(highlighted) => html.push_str(&highlighted),
            // Writing to a `String` does not fail.
            None => drop(escape(html, &self.text)),
        }
    }
}

impl RenderedBody {
    /// `html` contains a [`CODE_PLACEHOLDER`] for each element of `code`, in this order.
    pub(crate) fn new(html: String, code: Vec<CodeBlock>) -> Self {
        Self {
            html,
            code,
            whole: OnceLock::new(),
        }
    }

    /// Returns the HTML with code that is not highlighted.
    pub(crate) fn visible_html(&self) -> Cow<'_, str> {
        if self.code.is_empty() {
            return Cow::Borrowed(&self.html);
        }
        let mut whole = String::with_capacity(self.html.len() * 2);
        let mut parts = self.html.split(CODE_PLACEHOLDER);
        whole.push_str(parts.next().unwrap_or_default());
        for (code, part) in self.code.iter().zip(parts) {
            // Writing to a `String` does not fail.
            let _ = escape(&mut whole, &code.text);
            whole.push_str(part);
        }
        Cow::Owned(whole)
    }

    /// Returns the complete HTML. The first call highlights the code.
    pub(crate) fn html(&self) -> &str {
        if self.code.is_empty() {
            return &self.html;
        }
        self.whole.get_or_init(|| {
            let mut whole = String::with_capacity(self.html.len() * 2);
            let mut parts = self.html.split(CODE_PLACEHOLDER);
            whole.push_str(parts.next().unwrap_or_default());
            for (code, part) in self.code.iter().zip(parts) {
                code.push_to(&mut whole);
                whole.push_str(part);
            }
            whole
        })
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
        let body = RenderedBody::new("<p>one</p>\0<p>two</p>\0".into(), code);
        assert_eq!(
            body.html(),
            "<p>one</p>a &lt; b<p>two</p><span class=\"hl-comment\">// x</span>"
        );
        assert_eq!(
            RenderedBody::new("<p>none</p>".into(), Vec::new()).html(),
            "<p>none</p>"
        );
    }
}
