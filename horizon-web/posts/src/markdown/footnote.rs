//! Sets the accessible names of the footnotes and of the links back from them.

use comrak::html::escape;
use horizon_texts::Texts;

/// How the library starts the list of footnotes. The text of a document contains no unescaped quote.
const SECTION: &str = "<section class=\"footnotes\"";

/// The name in English that the library gives to a link back, up to the number of the reference.
const BACK: &str = " aria-label=\"Back to reference ";

/// Replaces the English names by those in the language of the document.
pub(super) fn name(html: String, texts: &Texts) -> String {
    if !html.contains(SECTION) {
        return html;
    }
    let mut parts = html.split(BACK);
    let list = format!("{SECTION} aria-label=\"{}\"", escaped(texts.get("footnotes")));
    let mut named = parts.next().unwrap_or_default().replace(SECTION, &list);
    for part in parts {
        let (number, rest) = part.split_once('"').unwrap_or((part, ""));
        let label = texts.with("footnote-back", &[("number", number.into())]);
        named.push_str(&format!(" aria-label=\"{}\"{rest}", escaped(&label)));
    }
    named
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    // Writing to a `String` does not fail.
    let _ = escape(&mut escaped, text);
    escaped
}
