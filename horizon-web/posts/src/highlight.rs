//! The token kinds of code and their colours.

use std::fmt::Write as _;

/// A kind of token.
pub(crate) struct TokenKind {
    /// The class without `hl-`; empty for tokens in the text colour.
    pub(crate) name: &'static str,
    /// The scopes of Sublime grammars; the longest matching prefix wins.
    pub(crate) scopes: &'static [&'static str],
    light: &'static str,
    dark: &'static str,
}

const fn kind(
    name: &'static str,
    light: &'static str,
    dark: &'static str,
    scopes: &'static [&'static str],
) -> TokenKind {
    TokenKind {
        name,
        scopes,
        light,
        dark,
    }
}

/// The colours have a contrast of at least 4.5 on the background of a code block (WCAG AA).
pub(crate) const TOKEN_KINDS: [TokenKind; 12] = [
    kind("comment", "#57606a", "#9198a1", &["comment"]),
    kind(
        "keyword",
        "#c21e2b",
        "#ff7b72",
        &["keyword", "storage", "keyword.operator.word"],
    ),
    kind("string", "#0a3069", "#a5d6ff", &["string", "markup.raw"]),
    kind(
        "constant",
        "#0550ae",
        "#79c0ff",
        &[
            "constant",
            "support.constant",
            "variable.language",
            "markup.underline.link",
        ],
    ),
    kind(
        "function",
        "#6639ba",
        "#d2a8ff",
        &[
            "entity.name.function",
            "entity.name.macro",
            "support.function",
            "support.macro",
            "variable.function",
        ],
    ),
    kind(
        "type",
        "#953800",
        "#ffa657",
        &[
            "entity.name",
            "entity.other.inherited-class",
            "support.type",
            "support.class",
        ],
    ),
    kind("tag", "#116329", "#7ee787", &["entity.name.tag"]),
    kind(
        "attribute",
        "#0550ae",
        "#79c0ff",
        &[
            "entity.other.attribute-name",
            "variable.annotation",
            "support.type.property-name",
        ],
    ),
    kind("heading", "#0550ae", "#79c0ff", &["markup.heading", "meta.diff"]),
    kind("inserted", "#116329", "#7ee787", &["markup.inserted"]),
    kind("deleted", "#a40e26", "#ffa198", &["markup.deleted"]),
    kind("", "", "", &["keyword.operator"]),
];

/// Returns the style sheet for highlighted code. The colours follow `color-scheme`, which the blog's style sheet sets.
#[must_use]
pub fn highlight_css() -> String {
    let mut rules = String::new();
    for TokenKind { name, light, dark, .. } in TOKEN_KINDS.iter().filter(|kind| !kind.name.is_empty()) {
        // Writing to a `String` does not fail.
        let _ = writeln!(rules, ".hl-{name}{{color:light-dark({light},{dark})}}");
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The backgrounds of a code block that the colours are made for.
    const LIGHT: &str = "#f6f8fa";
    const DARK: &str = "#161b22";

    /// WCAG's relative luminance.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read() {
        for kind in TOKEN_KINDS.iter().filter(|kind| !kind.name.is_empty()) {
            assert!(contrast(kind.light, LIGHT) >= 4.5, "{} in light", kind.name);
            assert!(contrast(kind.dark, DARK) >= 4.5, "{} in dark", kind.name);
        }
    }

    #[test]
    fn the_style_sheet_has_a_light_and_a_dark_colour_for_each_kind() {
        let css = highlight_css();
        assert!(
            css.starts_with(".hl-comment{color:light-dark(#57606a,#9198a1)}\n"),
            "{css}"
        );
        let kinds = TOKEN_KINDS.iter().filter(|kind| !kind.name.is_empty());
        assert_eq!(css.matches("light-dark(").count(), kinds.count());
    }
}
