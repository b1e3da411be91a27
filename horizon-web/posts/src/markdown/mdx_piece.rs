//! Splits MDX into text, code and what only its generator understands.

/// The maximum length of a tag or an expression, in bytes.
const MAX_BYTES: usize = 20_000;

/// A part of MDX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MdxPiece<'a> {
    Text,
    /// A paragraph of imports and exports.
    Module,
    /// The tag of a component.
    StartTag(&'a str),
    /// The end tag of a component, or the tag of a fragment, which has no name.
    EndTag,
    /// A comment in braces.
    Comment,
    /// A string in braces: its content.
    Literal(&'a str),
    /// Another expression in braces.
    Expression,
}

/// Returns the part at the offset `at` and its length.
pub(super) fn next(markdown: &str, at: usize) -> (MdxPiece<'_>, usize) {
    let (before, rest) = markdown.split_at_checked(at).unwrap_or((markdown, ""));
    if before.is_empty() || before.ends_with('\n') {
        let last_line = before.lines().next_back().unwrap_or_default();
        if last_line.trim().is_empty() && is_module(rest) {
            return (MdxPiece::Module, paragraph_length(rest));
        }
        if let Some(length) = fence_length(rest) {
            return (MdxPiece::Text, length);
        }
    }
    let special = match rest.chars().next() {
        Some('`') => code_length(rest, '`').map(|length| (MdxPiece::Text, length)),
        Some('$') => math_length(rest).map(|length| (MdxPiece::Text, length)),
        Some('\\') => Some((MdxPiece::Text, 1 + rest.chars().nth(1).map_or(0, char::len_utf8))),
        Some('{') => expression(rest),
        Some('<') => component(rest),
        _ => None,
    };
    special.unwrap_or_else(|| (MdxPiece::Text, text_length(rest)))
}

/// Returns the length of the text before the next special character or line, at least one character.
fn text_length(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    // A run of backquotes that ends nowhere is text as a whole.
    let run = text.len() - text.trim_start_matches('`').len();
    if text.starts_with('\n') {
        return first;
    }
    let start = first.max(run);
    let after = text.get(start..).unwrap_or_default();
    match after.find(['`', '$', '\\', '{', '<', '\n']) {
        Some(end) if after.get(end..).is_some_and(|rest| rest.starts_with('\n')) => start + end + 1,
        Some(end) => start + end,
        None => text.len(),
    }
}

fn is_module(text: &str) -> bool {
    let rest = text.strip_prefix("import").or_else(|| text.strip_prefix("export"));
    rest.is_some_and(|rest| rest.starts_with([' ', '{', '*', '"', '\'', '\t']))
}

/// Returns the length of the text before the next empty line.
fn paragraph_length(text: &str) -> usize {
    let lines = text.split_inclusive('\n').take_while(|line| !line.trim().is_empty());
    lines.map(str::len).sum()
}

/// Returns the length of a block of code between fences, also in a list or a quotation.
fn fence_length(text: &str) -> Option<usize> {
    let is_marker = |c: char| matches!(c, ' ' | '\t' | '>' | '-' | '*' | '+' | '.' | ')') || c.is_ascii_digit();
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let start = first.trim_start_matches(is_marker);
    let mark = start.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let fence = start.len() - start.trim_start_matches(mark).len();
    if fence < 3 || (mark == '`' && start.trim_start_matches(mark).contains(mark)) {
        return None;
    }
    let mut length = first.len();
    for line in lines {
        length += line.len();
        let line = line.trim_start_matches([' ', '\t', '>']).trim_end();
        if line.len() >= fence && line.chars().all(|c| c == mark) {
            break;
        }
    }
    Some(length)
}

/// Returns the length of text between two runs of `mark` of the same length.
fn code_length(text: &str, mark: char) -> Option<usize> {
    let run = text.len() - text.trim_start_matches(mark).len();
    let mut at = run;
    let end = text.find("\n\n").unwrap_or(text.len());
    while let Some(start) = text.get(at..end)?.find(mark) {
        at += start;
        let rest = text.get(at..)?;
        let other = rest.len() - rest.trim_start_matches(mark).len();
        at += other;
        if other == run {
            return Some(at);
        }
    }
    None
}

/// Returns the length of a formula: `$$…$$`, or `$…$` on one line without spaces at its ends.
fn math_length(text: &str) -> Option<usize> {
    if text.starts_with("$$") {
        return code_length(text, '$');
    }
    let line = text.lines().next()?;
    let end = line.get(1..)?.find('$')? + 1;
    let formula = line.get(1..end)?;
    (!formula.is_empty() && formula.trim() == formula).then_some(end + 1)
}

fn expression(text: &str) -> Option<(MdxPiece<'_>, usize)> {
    // The id of a heading, as in Docusaurus.
    if text.starts_with("{#") {
        return None;
    }
    let length = braces_length(text)?;
    let inner = text.get(1..length - 1)?.trim();
    let literal = ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| inner.strip_prefix(quote)?.strip_suffix(quote))
        .filter(|literal| !literal.contains(['"', '\'', '`', '\\', '$', '\n']));
    let piece = match literal {
        Some(literal) => MdxPiece::Literal(literal),
        None if inner.is_empty() || (inner.starts_with("/*") && inner.ends_with("*/")) => MdxPiece::Comment,
        None => MdxPiece::Expression,
    };
    Some((piece, length))
}

/// Returns the length of the braces at the start with all they contain.
fn braces_length(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < MAX_BYTES) {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            // An apostrophe in text: strings end on their line.
            (Some('"' | '\''), '\n') => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth <= 1 => return Some(at + 1),
            (None, '}') => depth -= 1,
            (Some(_) | None, _) => {}
        }
    }
    None
}

/// Returns the tag of a component: its name has an upper-case letter first, or a dot.
fn component(text: &str) -> Option<(MdxPiece<'_>, usize)> {
    let after = text.strip_prefix('<')?;
    let (is_end, name) = after.strip_prefix('/').map_or((false, after), |after| (true, after));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    let name_length = name.find(|c: char| !is_name(c))?;
    let (name, rest) = name.split_at(name_length);
    if name.is_empty() {
        return rest
            .starts_with('>')
            .then_some((MdxPiece::EndTag, text.len() - rest.len() + 1));
    }
    let is_component = name.starts_with(char::is_uppercase) || (name.contains('.') && !name.ends_with('.'));
    if !is_component || !rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>')) {
        return None;
    }
    let length = text.len() - rest.len() + attributes_length(rest)?;
    let piece = if is_end {
        MdxPiece::EndTag
    } else {
        MdxPiece::StartTag(name)
    };
    Some((piece, length))
}

/// Returns the length of the attributes and the end of a tag.
fn attributes_length(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < MAX_BYTES {
        let rest = text.get(at..)?;
        at += match rest.chars().next()? {
            '>' => return Some(at + 1),
            '{' => braces_length(rest)?,
            quote @ ('"' | '\'') => rest.get(1..)?.find(quote)? + 2,
            c => c.len_utf8(),
        };
    }
    None
}
