//! A document's HTML, whose code is coloured when it is first shown.

use std::sync::OnceLock;

use comrak::html::escape;

use crate::code;

/// Stands in the HTML where a block of code comes. Markdown has no such character: what was one is U+FFFD since it was read
/// (CommonMark §2.3).
pub(crate) const CODE: char = '\0';

/// HTML without its code, and with it once somebody has asked.
///
/// Grammars take twenty times as long as all the rest of a document, and a blog starts with all of its posts.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    html: String,
    code: Vec<Code>,
    whole: OnceLock<String>,
}

/// What stands in a block of code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    text: String,
    language: String,
}

impl Code {
    pub(crate) fn new(text: &str, language: &str) -> Self {
        Self {
            text: text.to_owned(),
            language: language.to_owned(),
        }
    }

    fn push_to(&self, html: &mut String) {
        match code::highlight(&self.text, &self.language) {
            Some(coloured) => html.push_str(&coloured),
            // A String takes all that is written to it.
            None => drop(escape(html, &self.text)),
        }
    }
}

impl Body {
    /// `html` has [`CODE`] for each of `code`, in this order.
    pub(crate) fn new(html: String, code: Vec<Code>) -> Self {
        Self {
            html,
            code,
            whole: OnceLock::new(),
        }
    }

    /// All of it. The first call takes as long as the grammars do.
    pub(crate) fn html(&self) -> &str {
        if self.code.is_empty() {
            return &self.html;
        }
        self.whole.get_or_init(|| {
            let mut whole = String::with_capacity(self.html.len() * 2);
            let mut parts = self.html.split(CODE);
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
    fn code_comes_where_it_stood_and_in_its_colours() {
        let code = vec![Code::new("a < b", "no-such-language"), Code::new("// x", "rust")];
        let body = Body::new("<p>one</p>\0<p>two</p>\0".into(), code);
        assert_eq!(
            body.html(),
            "<p>one</p>a &lt; b<p>two</p><span class=\"hl-comment\">// x</span>"
        );
        assert_eq!(Body::new("<p>none</p>".into(), Vec::new()).html(), "<p>none</p>");
    }
}
