//! Where the variables and parameters of a script are known.

use std::{collections::BTreeMap, ops::Range};

use super::Token;

/// The variables and parameters of a script.
pub(super) struct Scopes<'a>(BTreeMap<&'a str, Variables>);

/// The variables and parameters with one name.
#[derive(Default)]
struct Variables {
    /// The tokens among which each is known. A range may be larger than necessary. Two ranges are nested or have no
    /// token in common.
    ranges: Vec<Range<usize>>,
    /// The tokens that are the name.
    uses: Vec<usize>,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(tokens: &[Token<'a>]) -> Self {
        let mut scopes = BTreeMap::<_, Variables>::new();
        for (name, range) in declarations(tokens) {
            scopes.entry(name).or_default().ranges.push(range);
        }
        for (index, token) in tokens.iter().enumerate() {
            if let Some(variables) = token.word().and_then(|word| scopes.get_mut(word)) {
                variables.uses.push(index);
                if !variables.ranges.iter().any(|range| range.contains(&index)) {
                    // It is declared in another way.
                    variables.ranges.push(0..tokens.len());
                }
            }
        }
        Self(scopes)
    }

    /// Returns whether a variable or parameter has this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns whether both names could be the same: where one hides the other, the other is not used.
    pub(super) fn are_apart(&self, name: &str, other: &str) -> bool {
        let (Some(a), Some(b)) = (self.0.get(name), self.0.get(other)) else {
            return false;
        };
        a.ranges.iter().all(|inner| b.allow_within(inner)) && b.ranges.iter().all(|inner| a.allow_within(inner))
    }
}

impl Variables {
    /// Returns whether other variables of this range may have the same name: it is in no range of these, or it is
    /// within one, and they are not used in it.
    fn allow_within(&self, range: &Range<usize>) -> bool {
        let surrounds = |own: &Range<usize>| own.start <= range.start && range.end <= own.end;
        let overlaps = |own: &Range<usize>| own.start < range.end && range.start < own.end;
        let is_unused = || !self.uses.iter().any(|index| range.contains(index));
        // The other name's check is about the ranges within this one.
        self.ranges
            .iter()
            .filter(|own| overlaps(own) && surrounds(own))
            .all(|_| is_unused())
    }
}

/// Returns the names of variables and parameters, each with its range.
fn declarations<'a>(tokens: &[Token<'a>]) -> Vec<(&'a str, Range<usize>)> {
    let mut declarations = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let (names, range) = if token.is_word("const") || token.is_word("let") {
            (
                bindings(tokens.get(index + 1..).unwrap_or_default()),
                block(tokens, index),
            )
        } else if let Some(start) = parameters_before(tokens, index) {
            let parameters = tokens.get(start..index).unwrap_or_default();
            let parameters = parameters.strip_prefix(&[Token::Sign("(")]).unwrap_or(parameters);
            (bindings(parameters), start..end(tokens, index + 1, token.is(">")))
        } else {
            continue;
        };
        declarations.extend(names.into_iter().map(|name| (name, range.clone())));
    }
    declarations
}

/// Returns the start of the parameters if the token ends the arrow of a function, or starts the block of a method.
fn parameters_before(tokens: &[Token<'_>], index: usize) -> Option<usize> {
    let before = tokens.get(..index)?;
    match (before, tokens.get(index)?) {
        ([before @ .., Token::Sign(")"), Token::Sign("=")], Token::Sign(">")) => Some(opening(before)),
        ([before @ .., Token::Word(_), Token::Sign("=")], Token::Sign(">")) => Some(before.len()),
        ([before @ .., Token::Sign(")")], Token::Sign("{")) => {
            let start = opening(before);
            let name = tokens.get(start.checked_sub(1)?)?.word()?;
            (!["if", "for", "while", "switch", "catch"].contains(&name)).then_some(start)
        }
        _ => None,
    }
}

/// Returns the range of the block around a token, with the parameters of the function if it is the block of one.
fn block(tokens: &[Token<'_>], index: usize) -> Range<usize> {
    let mut depth = 1_usize;
    for (start, token) in tokens.iter().enumerate().take(index).rev() {
        match token {
            Token::Sign("}") => depth += 1,
            Token::Sign("{") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let arrow = start.checked_sub(1).and_then(|arrow| parameters_before(tokens, arrow));
            let parameters = arrow.or_else(|| parameters_before(tokens, start));
            return parameters.unwrap_or(start)..end(tokens, start + 1, false);
        }
    }
    0..tokens.len()
}

/// Returns the end of the block whose content starts at `start`, or of the expression that starts there.
fn end(tokens: &[Token<'_>], start: usize, is_expression: bool) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token {
            Token::Sign("{" | "[" | "(") => depth += 1,
            Token::Sign("}" | "]" | ")") if depth == 0 => return index,
            Token::Sign("}" | "]" | ")") => depth -= 1,
            Token::Sign("," | ";") if is_expression && depth == 0 => return index,
            _ => {}
        }
    }
    tokens.len()
}

/// Returns the names that a list of declarations or parameters binds, up to its end.
fn bindings<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let (mut bound, mut depth) = (Vec::new(), 0_usize);
    // The depth of the value that is skipped.
    let mut value = None;
    for token in tokens {
        match token {
            Token::Word("of" | "in") | Token::Sign("}" | "]" | ")" | ";") if depth == 0 => break,
            Token::Word(word) if value.is_none() => bound.push(*word),
            Token::Sign("=") if value.is_none() => value = Some(depth),
            Token::Sign(",") if value == Some(depth) => value = None,
            Token::Sign("{" | "[" | "(") => depth += 1,
            Token::Sign("}" | "]" | ")") => {
                depth -= 1;
                value = value.filter(|value| *value <= depth);
            }
            _ => {}
        }
    }
    bound
}

/// Returns the index of the bracket that one after these tokens closes.
fn opening(tokens: &[Token<'_>]) -> usize {
    let mut depth = 1_usize;
    for (index, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Sign("}" | "]" | ")") => depth += 1,
            Token::Sign("{" | "[" | "(") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    0
}
