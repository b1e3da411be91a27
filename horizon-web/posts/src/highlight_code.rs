//! Highlights code as HTML with classes.

use std::{fmt::Write as _, panic, sync::LazyLock};

use comrak::html::escape;
use syntect::{
    easy::ScopeRegionIterator,
    parsing::{ParseState, Scope, ScopeStack},
    util::LinesWithEndings,
};

use crate::{grammars::Grammars, highlight::TOKEN_KINDS};

/// The maximum size of a highlighted block, in bytes: 64 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// Maps scopes to the names of token kinds.
static CLASSES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    let scopes = TOKEN_KINDS
        .iter()
        .flat_map(|kind| kind.scopes.iter().map(|scope| (*scope, kind.name)));
    scopes
        .filter_map(|(scope, name)| Some((Scope::new(scope).ok()?, name)))
        .collect()
});

/// Returns `code` as HTML, or `None` if the language is unknown or its grammar fails.
pub(crate) fn highlight(code: &str, language: &str) -> Option<String> {
    if code.len() > MAX_BYTES || matches!(language, "" | "text" | "txt" | "plain" | "plaintext") {
        return None;
    }
    panic::catch_unwind(|| highlight_with(&Grammars::load(), code, language)).unwrap_or_else(|_| {
        tracing::error!(
            language,
            "the highlighter panicked; the code has no colours, please report it"
        );
        None
    })
}

fn highlight_with(grammars: &Grammars, code: &str, language: &str) -> Option<String> {
    let mut parser = ParseState::new(grammars.find_syntax_by_token(language)?);
    let mut scopes = ScopeStack::new();
    let mut html = HighlightedHtml::default();
    for line in LinesWithEndings::from(code) {
        let changes = parser.parse_line(line, grammars).ok()?;
        for (text, change) in ScopeRegionIterator::new(&changes, line) {
            scopes.apply(change).ok()?;
            html.push(text, class(scopes.as_slice()))?;
        }
    }
    html.finish()
}

/// Returns the class of the innermost scope that has one.
fn class(scopes: &[Scope]) -> &'static str {
    let of_one = |scope: &Scope| {
        let fits = CLASSES.iter().filter(|(prefix, _)| prefix.is_prefix_of(*scope));
        fits.max_by_key(|(prefix, _)| prefix.len()).map(|(_, name)| *name)
    };
    scopes.iter().rev().find_map(of_one).unwrap_or_default()
}

/// Appends tokens; adjacent tokens with the same class share a span.
#[derive(Default)]
struct HighlightedHtml {
    html: String,
    open: &'static str,
}

impl HighlightedHtml {
    fn push(&mut self, text: &str, class: &'static str) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        // White space joins the open span.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if !class.is_empty() {
                write!(self.html, "<span class=\"hl-{class}\">").ok()?;
            }
            self.open = class;
        }
        escape(&mut self.html, text).ok()
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.html.push_str("</span>");
        }
    }

    fn finish(mut self) -> Option<String> {
        self.close();
        Some(self.html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_kind_share_a_span() {
        assert_eq!(
            highlight("// a < b\nlet x = \"y\";\n", "rust").unwrap(),
            "<span class=\"hl-comment\">// a &lt; b\n</span><span class=\"hl-keyword\">let</span> x = \
             <span class=\"hl-string\">&quot;y&quot;</span>;\n"
        );
    }

    #[test]
    fn the_usual_languages_are_known() {
        let languages = "rust rs toml bash sh json html css js javascript ts sql yaml xml \
            dockerfile diff python markdown go c nginx";
        let grammars = Grammars::load();
        for language in languages.split_whitespace() {
            assert!(grammars.find_syntax_by_token(language).is_some(), "{language}");
        }
    }

    #[test]
    fn every_scope_of_the_table_is_one() {
        assert_eq!(
            CLASSES.len(),
            TOKEN_KINDS.iter().map(|kind| kind.scopes.len()).sum::<usize>()
        );
    }

    #[test]
    fn an_unknown_language_and_a_huge_block_are_left_plain() {
        assert_eq!(highlight("x", "no-such-language"), None);
        assert_eq!(highlight("x", ""), None);
        assert_eq!(highlight(&"x".repeat(MAX_BYTES + 1), "rust"), None);
    }
}
