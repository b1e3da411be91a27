//! Shortens a minified script: short names of variables, and no signs that change nothing.

#[path = "scopes.rs"]
mod scopes;

use std::collections::{BTreeMap, BTreeSet};

use scopes::Scopes;

/// A part of a minified script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    /// A string, a template or a regular expression.
    Literal(&'a str),
    /// A character of an operator, a bracket or a space.
    Sign(&'a str),
}

/// Returns the minified script with short names of its variables and parameters.
///
/// It changes no name that is also exported, the name of a property, or a word in a template. It knows the syntax that
/// the scripts of this crate use, not all of JavaScript: no classes, labels, `function`, empty statements or nested
/// templates.
pub(crate) fn shorten(script: &str) -> String {
    let tokens = tokens(script);
    let code: Vec<Token<'_>> = tokens.iter().copied().filter(|token| !token.is(" ")).collect();
    let (scopes, excluded) = (Scopes::new(&code), excluded(&code));
    let mut counts = BTreeMap::<&str, usize>::new();
    for token in &code {
        if let Token::Word(word) = token
            && scopes.contains(word)
            && !excluded.contains(word)
        {
            *counts.entry(word).or_default() += 1;
        }
    }
    // The most frequent names become the shortest.
    let mut names: Vec<_> = counts.into_iter().collect();
    names.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let used: BTreeSet<&str> = code.iter().filter_map(|token| token.word()).collect();
    let mut shortened = BTreeMap::<&str, String>::new();
    for (name, _) in names {
        let is_free = |short: &String| {
            let mut others = shortened.iter().filter(|(_, other)| *other == short);
            !used.contains(short.as_str()) && others.all(|(other, _)| scopes.are_apart(name, other))
        };
        if let Some(short) = short_names().find(is_free) {
            shortened.insert(name, short);
        }
    }
    let names = shortened;
    let texts = compact(&tokens).into_iter().map(|token| match token {
        Token::Word(word) => names.get(word).map_or(word, String::as_str),
        Token::Literal(text) | Token::Sign(text) => text,
    });
    texts.collect()
}

/// Returns the tokens without those that change nothing: semicolons and commas at the end of a bracket, and the `let`
/// of a declaration that follows another one. `const` becomes `let`.
fn compact<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut compact = Vec::new();
    // The open brackets: whether the current statement in each is a declaration that is not exported.
    let mut declarations = vec![false];
    let mut is_exported = false;
    let mut rest = tokens.iter().copied().peekable();
    while let Some(token) = rest.next() {
        let next = rest.peek().copied().unwrap_or(Token::Sign(";"));
        let is_declaration = declarations.last() == Some(&true);
        match token {
            Token::Sign(";") if next.is("}") => {}
            Token::Sign(",") if ["}", "]", ")"].iter().any(|sign| next.is(sign)) => {}
            Token::Sign(";") if is_declaration && is_declaration_word(next) => {
                compact.push(Token::Sign(","));
                rest.next();
                rest.next_if(|token| token.is(" "));
            }
            Token::Word("const" | "let") => {
                compact.push(Token::Word("let"));
                set_last(&mut declarations, !is_exported);
            }
            _ => {
                compact.push(token);
                match token {
                    Token::Sign("{" | "[" | "(") => declarations.push(false),
                    Token::Sign("}" | "]" | ")") => drop(declarations.pop()),
                    Token::Sign(";") => set_last(&mut declarations, false),
                    _ => {}
                }
            }
        }
        if !token.is(" ") {
            is_exported = token.is_word("export");
        }
    }
    compact
}

fn is_declaration_word(token: Token<'_>) -> bool {
    token.is_word("const") || token.is_word("let")
}

fn set_last(declarations: &mut [bool], is_declaration: bool) {
    if let Some(last) = declarations.last_mut() {
        *last = is_declaration;
    }
}

/// The letters in the order of their frequency in scripts, so that a compressor needs few bits for the short names.
const LETTERS: &str = "etnraosicldpumhgfbvwkyxqjzSEACDLTORIMPNBFHGUWVKXYQJZ";

/// Returns the letters, then the letters with a digit.
fn short_names() -> impl Iterator<Item = String> {
    let suffixes = std::iter::once(String::new()).chain((0..10).map(|digit| digit.to_string()));
    suffixes.flat_map(|suffix| LETTERS.chars().map(move |letter| format!("{letter}{suffix}")))
}

impl<'a> Token<'a> {
    fn word(self) -> Option<&'a str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is(self, sign: &str) -> bool {
        self == Token::Sign(sign)
    }

    fn is_word(self, word: &str) -> bool {
        self == Token::Word(word)
    }
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

fn tokens<'a>(script: &'a str) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let is_value_before = match tokens.last() {
            Some(Token::Word(word)) => !matches!(*word, "return" | "of" | "in"),
            Some(Token::Literal(_)) => true,
            Some(Token::Sign(sign)) => matches!(*sign, ")" | "]" | "}"),
            None => false,
        };
        let (len, token): (usize, fn(&'a str) -> Token<'a>) = match first {
            '"' | '\'' | '`' => (literal_len(rest, first), Token::Literal),
            '/' if !is_value_before => (literal_len(rest, first), Token::Literal),
            _ if is_word_character(first) => {
                let end = rest.find(|character| !is_word_character(character));
                (end.unwrap_or(rest.len()), Token::Word)
            }
            _ => (first.len_utf8(), Token::Sign),
        };
        let (text, after) = rest.split_at(len);
        tokens.push(token(text));
        rest = after;
    }
    tokens
}

/// Returns the length of the literal at the start, up to the second `quote` that is not escaped or in a class of a
/// regular expression.
fn literal_len(text: &str, quote: char) -> usize {
    let (mut is_escaped, mut is_class) = (false, false);
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' if quote == '/' => is_class = true,
            ']' => is_class = false,
            _ if character == quote && !is_class => return index + character.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Returns the names that must not change: properties, exports and words in templates.
fn excluded<'a>(tokens: &[Token<'a>]) -> BTreeSet<&'a str> {
    let mut excluded = BTreeSet::new();
    // The open brackets: whether each is that of an object or of a pattern for one.
    let mut brackets = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = |count: usize| {
            let before = index.checked_sub(count).and_then(|index| tokens.get(index));
            before.copied().unwrap_or(Token::Sign(";"))
        };
        match token {
            Token::Sign("{") => brackets.push(is_object(before(1))),
            Token::Sign("(" | "[") => brackets.push(false),
            Token::Sign("}" | ")" | "]") => drop(brackets.pop()),
            Token::Literal(text) if text.starts_with('`') => {
                excluded.extend(text.split(|character| !is_word_character(character)));
            }
            Token::Word(word) => {
                let is_property = before(1).is(".") && !(before(2).is(".") && before(3).is("."));
                let is_key = brackets.last() == Some(&true) && (before(1).is("{") || before(1).is(","));
                let is_exported = before(2).is_word("export");
                if is_property || is_key || is_exported {
                    excluded.insert(*word);
                }
            }
            _ => {}
        }
    }
    excluded
}

/// Returns whether a brace after this token starts an object or a pattern, and not a block.
fn is_object(before: Token<'_>) -> bool {
    !(["}", "{", ")", ";", ">"].iter().any(|sign| before.is(sign))
        || ["else", "try", "catch", "finally"]
            .iter()
            .any(|word| before.is_word(word)))
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn variables_and_parameters_get_short_names() {
        for (script, expected) in [
            (
                "const first=1,second=first;let third;third=second;",
                "let e=1,t=e,n;n=t;",
            ),
            (
                "const add=(left,right=document)=>left+right;add(1,2);",
                "let e=(e,t=document)=>e+t;e(1,2);",
            ),
            ("items.map(item=>item.items)", "items.map(e=>e.items)"),
            ("for(const item of list)log(item);", "for(let e of list)log(e);"),
            ("f((...rest)=>g(...rest))", "f((...e)=>g(...e))"),
            ("x={go(next){f(next)}}", "x={go(e){f(e)}}"),
        ] {
            assert_eq!(shorten(script), expected);
        }
    }

    #[test]
    fn names_that_are_never_used_at_the_same_place_share_a_short_name() {
        for (script, expected) in [
            ("f(left=>left,right=>right)", "f(e=>e,e=>e)"),
            ("f(left=>{g(right=>left+right)})", "f(e=>{g(t=>e+t)})"),
            ("x={a(left){let one},b(right){let two}}", "x={a(e){let t},b(e){let t}}"),
            (
                "let outer;f(()=>{let one=outer});g(two=>two)",
                "let e;f(()=>{let t=e});g(e=>e)",
            ),
            (
                "if(a){let one}for(let two of b)f(two);",
                "if(a){let e}for(let e of b)f(e);",
            ),
        ] {
            assert_eq!(shorten(script), expected);
        }
    }

    #[test]
    fn names_that_others_see_stay() {
        for script in [
            "export let connect=()=>{};",
            "let{signal}=controller;use(signal);",
            "let like=1;window.live={like,go(like){}};",
            "let name=1;f(`[data-x=${name}]`);",
            "let known=1;use(object.known,known);",
            "let close=1;x={a,close(){}};y={close:2};",
        ] {
            assert_eq!(shorten(script), script);
        }
    }

    #[test]
    fn signs_that_change_nothing_are_removed() {
        for (script, expected) in [
            ("f({a:1,},[2,],);", "f({a:1},[2]);"),
            ("if(a){f();}else{g();}", "if(a){f()}else{g()}"),
            ("const f=()=>{g();};const h=1;f(h);", "let e=()=>{g()},t=1;e(t);"),
            (
                "let a=1;const{b}=c;const d=2;d();let e;",
                "let n=1,{b}=c,t=2;t();let r;",
            ),
            ("export const a=1;let b=2;const c=3;", "export let a=1;let e=2,t=3;"),
            ("const a=()=>{let b=1;};let c;", "let e=()=>{let e=1},t;"),
            (
                "for(const a of b){let c=1;f(c);}let d;",
                "for(let e of b){let e=1;f(e)}let t;",
            ),
        ] {
            assert_eq!(shorten(script), expected);
        }
    }

    #[test]
    fn literals_do_not_change() {
        let script = "const page=\"page\";x=/(^|[/]page)/u.test(page)?'it\\'s page':page/2/page;";
        let expected = "let e=\"page\";x=/(^|[/]page)/u.test(e)?'it\\'s page':e/2/e;";
        assert_eq!(shorten(script), expected);
    }

    #[test]
    fn a_short_name_is_not_one_that_the_script_uses() {
        assert_eq!(shorten("const first=e;f(first,t)"), "let n=e;f(n,t)");
    }
}
