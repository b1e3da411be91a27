//! Splits HTML into tags, comments and text.

use std::{borrow::Cow, cell::RefCell};

use html5ever::{
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
};

/// Elements whose content is not HTML.
const RAW_TEXT: [&str; 4] = ["script", "style", "textarea", "title"];

/// The maximum number of tags without an end in a piece of HTML. After that many, the rest of the text is not searched
/// for tags, because each search reads all of it.
const MAX_UNCLOSED_TAGS: usize = 100;

/// A part of HTML as the author writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HtmlPiece<'a> {
    Text(&'a str),
    Tag(&'a str),
    /// A comment, a declaration or a processing instruction.
    Comment,
    /// A script, a style sheet or another element whose content is not HTML, as far as it goes.
    RawText(&'a str),
}

/// Returns the parts of `html` and the number of line ends before each.
pub(super) fn pieces(html: &str) -> Vec<(usize, HtmlPiece<'_>)> {
    let mut pieces = Vec::new();
    let (mut rest, mut lines, mut unclosed) = (html, 0, 0);
    while !rest.is_empty() {
        let (piece, length) = if unclosed < MAX_UNCLOSED_TAGS {
            next(rest)
        } else {
            (HtmlPiece::Text(rest), rest.len())
        };
        unclosed += usize::from(matches!(piece, HtmlPiece::Text(text) if text.starts_with('<')));
        pieces.push((lines, piece));
        let (taken, remaining) = rest.split_at(length);
        lines += taken.bytes().filter(|byte| *byte == b'\n').count();
        rest = remaining;
    }
    pieces
}

/// Returns the first part and its length. `html` is not empty.
fn next(html: &str) -> (HtmlPiece<'_>, usize) {
    if let Some(length) = comment_length(html) {
        return (HtmlPiece::Comment, length);
    }
    if let Some(length) = tag_length(html) {
        let (tag, rest) = html.split_at(length);
        let name = tag_name(tag);
        if RAW_TEXT.contains(&&*name) && !tag.starts_with("</") {
            let length = length + raw_text_length(rest, &name);
            return (HtmlPiece::RawText(html.get(..length).unwrap_or(html)), length);
        }
        return (HtmlPiece::Tag(tag), length);
    }
    // At least one character: this `<` starts no tag.
    let start = html.chars().next().map_or(0, char::len_utf8);
    let after = html.get(start..).unwrap_or_default();
    let length = start + after.find('<').unwrap_or(after.len());
    (HtmlPiece::Text(html.get(..length).unwrap_or(html)), length)
}

fn comment_length(html: &str) -> Option<usize> {
    let end = if html.starts_with("<!--") {
        "-->"
    } else if html.starts_with("<!") || html.starts_with("<?") {
        ">"
    } else {
        return None;
    };
    Some(html.find(end).map_or(html.len(), |at| at + end.len()))
}

/// Returns the length of the tag at the start, or `None` if there is no complete one.
fn tag_length(html: &str) -> Option<usize> {
    let name = html.strip_prefix("</").or_else(|| html.strip_prefix('<'))?;
    name.chars().next().filter(char::is_ascii_alphabetic)?;
    let mut quote = None;
    let mut is_value = false;
    for (at, c) in html.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') if is_value => quote = Some(c),
            (None, '>') => return Some(at + 1),
            (Some(_) | None, _) => {}
        }
        is_value = c == '=' || (is_value && c.is_ascii_whitespace());
    }
    None
}

/// Returns the name of a tag in lower case.
fn tag_name(tag: &str) -> Cow<'_, str> {
    let name = tag.trim_start_matches(['<', '/']);
    let name = name
        .split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .next();
    name.unwrap_or_default().to_ascii_lowercase().into()
}

/// Returns the length of the content and the end tag.
fn raw_text_length(html: &str, name: &str) -> usize {
    let is_end_tag = |(at, mark): &(usize, &str)| {
        let after = html.as_bytes().get(at + mark.len()..).unwrap_or_default();
        let found = after.get(..name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    let Some((start, _)) = html.match_indices("</").find(is_end_tag) else {
        return html.len();
    };
    let end = html.get(start..).and_then(|rest| rest.find('>'));
    end.map_or(html.len(), |end| start + end + 1)
}

/// Returns the tag with its decoded attributes.
pub(super) fn parse_tag(html: &str) -> Option<Tag> {
    tokens(html).into_iter().find_map(|token| match token {
        Token::TagToken(tag) => Some(tag),
        _ => None,
    })
}

/// Returns text with its character references decoded.
pub(super) fn decode(html: &str) -> String {
    let tokens = tokens(html);
    let texts = tokens.iter().filter_map(|token| match token {
        Token::CharacterTokens(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

/// Returns the tokens of HTML. Scripts and other raw text are not handled.
pub(super) fn tokens(html: &str) -> Vec<Token> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(TokenList::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}

/// Collects the tokens.
#[derive(Default)]
struct TokenList(RefCell<Vec<Token>>);

impl TokenSink for TokenList {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        self.0.borrow_mut().push(token);
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_split_into_tags_comments_and_text() {
        let html = "<a title='>' x>1 < 2\n<!-- <b> --></A><script>a<b</script ><?x?><br";
        assert_eq!(
            pieces(html),
            [
                (0, HtmlPiece::Tag("<a title='>' x>")),
                (0, HtmlPiece::Text("1 ")),
                (0, HtmlPiece::Text("< 2\n")),
                (1, HtmlPiece::Comment),
                (1, HtmlPiece::Tag("</A>")),
                (1, HtmlPiece::RawText("<script>a<b</script >")),
                (1, HtmlPiece::Comment),
                (1, HtmlPiece::Text("<br")),
            ]
        );
        assert_eq!(
            pieces("<STYLE></stil></Style >x"),
            [
                (0, HtmlPiece::RawText("<STYLE></stil></Style >")),
                (0, HtmlPiece::Text("x"))
            ]
        );
        assert_eq!(pieces("<!-- open"), [(0, HtmlPiece::Comment)]);
        assert_eq!(decode("a &lt; &eacute; & b"), "a < é & b");
    }

    #[test]
    fn the_search_for_tags_ends_after_many_without_an_end() {
        for tag in ["<a ", "<a b=\""] {
            let html = tag.repeat(10_000);
            let found = pieces(&html);
            assert!(found.len() <= MAX_UNCLOSED_TAGS + 1, "{} pieces", found.len());
            assert!(found.iter().all(|(_, piece)| matches!(piece, HtmlPiece::Text(_))));
        }
        let html = format!("{}<b>", "1 < 2 ".repeat(MAX_UNCLOSED_TAGS - 1));
        assert_eq!(pieces(&html).last(), Some(&(0, HtmlPiece::Tag("<b>"))));
    }
}
