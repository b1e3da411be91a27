//! Formulas of LaTeX as MathML.

use std::{
    fmt::{self, Write as _},
    panic, thread,
};

use comrak::{Node, nodes::NodeMath};
use html5ever::tokenizer::{TagKind, Token};
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use super::{format::Out, html_piece};
use crate::front_matter::FileIssue;

/// The maximum size of a formula, in bytes: 8 KiB.
const MAX_BYTES: usize = 8 * 1024;

/// The maximum number of characters in a formula that can nest it deeper. The converter is recursive.
const MAX_NESTING_CHARS: usize = 1_000;

/// The maximum number of those characters in a formula that the stack of any thread is large enough for.
const MAX_SHALLOW_CHARS: usize = 50;

/// The size of the stack for the deepest formula, in bytes: 256 MiB. The system provides only what is used.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// The elements of MathML Core.
const ELEMENTS: [&str; 26] = [
    "math",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "ms",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
];

/// The elements that contain only text.
const TEXT_ELEMENTS: [&str; 5] = ["mi", "mn", "mo", "ms", "mtext"];

/// The attributes that are kept. They contain no URL and no style.
const ATTRIBUTES: [&str; 21] = [
    "accent",
    "accentunder",
    "columnspan",
    "depth",
    "display",
    "displaystyle",
    "fence",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "rowspan",
    "rspace",
    "scriptlevel",
    "stretchy",
    "width",
];

/// Writes a formula of Markdown.
pub(super) fn format(out: &mut Out<'_, '_, '_>, node: Node<'_>, math: &NodeMath) -> fmt::Result {
    let line = out.user.input.line(node);
    format_formula(out, &math.literal, math.display_math, line)
}

/// Writes a formula: MathML, or its source in feeds and if it has an error.
pub(super) fn format_formula(out: &mut Out<'_, '_, '_>, latex: &str, is_block: bool, line: usize) -> fmt::Result {
    if out.user.input.is_page() {
        match to_mathml(latex.trim(), is_block) {
            Ok(mathml) => return out.write_str(&mathml),
            Err(error) => {
                let reason = format!("the formula is shown as its source: {error}");
                out.user.issues.push(FileIssue::warning(Some(line), reason));
            }
        }
    }
    out.write_str("<code class=\"formula\">")?;
    out.escape(latex.trim())?;
    out.write_str("</code>")
}

/// Converts a formula. The error is for the author.
fn to_mathml(latex: &str, is_block: bool) -> Result<String, String> {
    if latex.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let is_nesting = |c: &char| matches!(c, '{' | '[' | '(' | '\\' | '^' | '_' | '\'');
    let nesting = latex.chars().filter(is_nesting).count();
    if nesting > MAX_NESTING_CHARS {
        return Err(format!("it has more than {MAX_NESTING_CHARS} commands and brackets"));
    }
    // A thread for each formula would cost more time than the formula, and its memory is not returned at once.
    let mathml = if nesting <= MAX_SHALLOW_CHARS {
        panic::catch_unwind(|| convert(latex, is_block))
    } else {
        convert_on_large_stack(latex, is_block)
    };
    let mathml = mathml.unwrap_or_else(|_| Err("the converter panicked on it".to_owned()));
    sanitized(&mathml?).ok_or_else(|| "the converter does not escape its text".to_owned())
}

fn convert_on_large_stack(latex: &str, is_block: bool) -> thread::Result<Result<String, String>> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, || convert(latex, is_block)) {
            Ok(thread) => thread.join(),
            Err(_) => Ok(Err("no thread can be started".to_owned())),
        }
    })
}

fn convert(latex: &str, is_block: bool) -> Result<String, String> {
    let display = if is_block {
        MathDisplay::Block
    } else {
        MathDisplay::Inline
    };
    let converter = LatexToMathML::new(MathCoreConfig::default()).map_err(|_| "no converter".to_owned())?;
    let result = converter.convert_with_local_state(latex, display);
    result.map(|result| result.mathml).map_err(|error| error.to_string())
}

/// Returns MathML without unknown attributes. The converter does not escape the text of all commands: returns `None` if
/// there is an unknown element, an element without an end or in an element of text, or anything else than elements and
/// text.
fn sanitized(mathml: &str) -> Option<String> {
    let mut html = String::new();
    let mut open: Vec<String> = Vec::new();
    for token in html_piece::tokens(mathml) {
        let written = match token {
            Token::CharacterTokens(text) => comrak::html::escape(&mut html, &text),
            Token::TagToken(tag) if !ELEMENTS.contains(&&*tag.name) => return None,
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                open.pop().filter(|name| *name == *tag.name)?;
                write!(html, "</{}>", &*tag.name)
            }
            Token::TagToken(_) if open.last().is_some_and(|name| TEXT_ELEMENTS.contains(&&**name)) => return None,
            Token::TagToken(tag) => {
                if !tag.self_closing {
                    open.push(tag.name.to_string());
                }
                write_start(&mut html, &tag)
            }
            Token::EOFToken => Ok(()),
            _ => return None,
        };
        written.ok()?;
    }
    open.is_empty().then_some(html)
}

fn write_start(html: &mut String, tag: &html5ever::tokenizer::Tag) -> fmt::Result {
    write!(html, "<{}", &*tag.name)?;
    for attribute in &tag.attrs {
        let name = &*attribute.name.local;
        if ATTRIBUTES.contains(&name) {
            write!(html, " {name}=\"")?;
            comrak::html::escape(html, &attribute.value)?;
            html.push('"');
        }
    }
    html.push('>');
    if tag.self_closing {
        write!(html, "</{}>", &*tag.name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_mathml() {
        assert_eq!(
            to_mathml("x^2", false).unwrap(),
            "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
        );
        let matrix = to_mathml(
            r"\begin{pmatrix} a & b \\ c & d \end{pmatrix} \leq \frac{1}{\sqrt{2}}",
            true,
        )
        .unwrap();
        assert!(
            matrix.starts_with("<math display=\"block\">") && matrix.contains("<mtable"),
            "{matrix}"
        );
        assert!(!matrix.contains(" style="), "{matrix}");
    }

    #[test]
    fn bad_and_deep_formulas_are_errors_or_mathml() {
        for bad in [r"\frac{", r"\nosuchcommand", "}", "&", r"\left(", r"\begin{x}"] {
            assert!(to_mathml(bad, false).is_err(), "{bad}");
        }
        for deep in [
            "{",
            r"\sqrt",
            "^",
            "_",
            r"\left(",
            r"\frac",
            "x^{",
            r"\begin{matrix}",
            r"\text{",
            "$",
            "'",
            r"\\",
        ] {
            let _ = to_mathml(&deep.repeat(MAX_NESTING_CHARS / 2), false);
            let _ = to_mathml(&deep.repeat(MAX_BYTES / deep.len()), true);
        }
        assert!(to_mathml(&"x".repeat(MAX_BYTES + 1), false).is_err());
    }

    #[test]
    fn a_formula_whose_text_would_be_markup_is_an_error() {
        for hostile in [
            "</math>",
            "<mi>x</mi>",
            "<img src=x onerror=alert(1)>",
            "<!--",
            "<?x",
            "a<b",
        ] {
            let latex = format!("\\operatorname{{{hostile}}}");
            assert!(to_mathml(&latex, false).is_err(), "{latex}");
        }
        assert!(to_mathml(r"\operatorname{lim} \text{a<b} \sum_{i<n} \mathrm{d}x", true).is_ok());
    }

    #[test]
    fn no_text_of_a_formula_becomes_html() {
        for hostile in [
            r"\text{<script>alert(1)</script>}",
            "<img src=x>",
            r"\href{javascript:x}{y}",
            "a<b&c",
        ] {
            let html = to_mathml(hostile, false).unwrap_or_default();
            assert!(
                !html.contains("<script") && !html.contains("<img") && !html.contains("href"),
                "{html}"
            );
        }
    }
}
