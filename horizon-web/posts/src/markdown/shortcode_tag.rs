//! One tag of a generator.

/// The maximum length of a tag, in bytes.
const MAX_BYTES: usize = 2_000;

/// The form of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagSyntax {
    /// Hugo: `{{< name >}}` or `{{% name %}}`.
    Hugo,
    /// Jekyll and Zola: `{% name %}`.
    Percent,
    /// Jekyll and Zola: `{{ expression }}`.
    Braces,
}

/// A tag at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortcodeTag<'a> {
    pub(super) syntax: TagSyntax,
    /// In bytes.
    pub(super) length: usize,
    /// The text between the marks, without white space at its ends.
    pub(super) inner: &'a str,
    pub(super) name: &'a str,
    /// The text after the name.
    pub(super) arguments: &'a str,
    /// Whether it is only shown: `{{</* name */>}}`.
    pub(super) is_escaped: bool,
    marks: (&'static str, &'static str),
}

const MARKS: [(TagSyntax, &str, &str); 4] = [
    (TagSyntax::Hugo, "{{<", ">}}"),
    (TagSyntax::Hugo, "{{%", "%}}"),
    (TagSyntax::Percent, "{%", "%}"),
    (TagSyntax::Braces, "{{", "}}"),
];

impl<'a> ShortcodeTag<'a> {
    /// Returns the tag at the start of `text`, if it is complete.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (syntax, start, end) = MARKS.into_iter().find(|(_, start, _)| text.starts_with(start))?;
        // In bytes, because the limit may be within a character.
        let longest = text.as_bytes().get(..MAX_BYTES).unwrap_or(text.as_bytes());
        let length = end.len() + longest.windows(end.len()).position(|part| part == end.as_bytes())?;
        let inner = text.get(start.len()..length - end.len())?;
        let is_escaped = syntax == TagSyntax::Hugo && inner.starts_with("/*") && inner.ends_with("*/");
        let inner = inner.trim_start_matches('-').trim_end_matches('-').trim();
        let end_of_name = inner
            .find(|c: char| c.is_whitespace() || c == '(')
            .unwrap_or(inner.len());
        let (name, arguments) = inner.split_at(end_of_name);
        let (name, arguments) = match (name, arguments.trim()) {
            ("/", after) => ("/", after),
            other => other,
        };
        Some(Self {
            syntax,
            length,
            inner,
            name,
            arguments,
            is_escaped,
            marks: (start, end),
        })
    }

    /// Returns the tag as readers see it.
    pub(super) fn unescaped(&self) -> String {
        let inner = self.inner.strip_prefix("/*").unwrap_or(self.inner);
        let inner = inner.strip_suffix("*/").unwrap_or(inner);
        format!("{}{inner}{}", self.marks.0, self.marks.1)
    }

    /// Returns the value of `key="value"`, or else the first positional value.
    pub(super) fn value(&self, keys: &[&str]) -> Option<String> {
        let values = arguments(self.arguments);
        let named = |key: &&str| {
            let value = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            value.map(|(_, value)| value.clone())
        };
        let first = || {
            values
                .first()
                .filter(|(name, _)| name.is_empty())
                .map(|(_, value)| value.clone())
        };
        keys.iter().find_map(named).or_else(first)
    }

    /// Returns whether it has the form of a call, so that it is probably a tag that was not replaced. Braces alone are
    /// common in other texts.
    pub(super) fn is_call(&self) -> bool {
        let is_name = |name: &str| {
            let name = name.trim_start_matches('/');
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'))
        };
        match self.syntax {
            TagSyntax::Hugo | TagSyntax::Percent => is_name(self.name),
            TagSyntax::Braces => {
                let is_function = self.arguments.starts_with('(') && self.arguments.ends_with(')');
                let is_variable = ["site.", "page.", "config."]
                    .iter()
                    .any(|start| self.name.starts_with(start));
                is_name(self.name) && (is_function || is_variable)
            }
        }
    }
}

/// Returns the names and values of `key="value" "value" key=value`; the name of a positional value is empty.
fn arguments(text: &str) -> Vec<(String, String)> {
    let mut arguments = Vec::new();
    let mut rest = text
        .trim_start_matches('(')
        .trim_end_matches(')')
        .trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | '`'))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after_equals = after.trim_start().strip_prefix('=').filter(|_| !word.is_empty());
        let (name, value, remaining) = match after_equals {
            Some(after) => {
                let (value, remaining) = value(after.trim_start());
                (word, value, remaining)
            }
            None => {
                let (value, remaining) = value(rest);
                ("", value, remaining)
            }
        };
        arguments.push((name.to_owned(), value));
        rest = remaining.trim_start_matches([' ', ',', '\n', '\r', '\t']);
    }
    arguments
}

/// Returns the quoted text or the word at the start, and the rest.
fn value(text: &str) -> (String, &str) {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        let end = text.find([' ', ',', '\n', '\t']).unwrap_or(text.len()).max(1);
        let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (word.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => value.extend(chars.next().map(|(_, c)| c)),
            _ if c == quote => return (value, text.get(at + 1..).unwrap_or_default()),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_name_and_arguments() {
        let tag =
            ShortcodeTag::parse("{{< figure src=\"a b.jpg\" alt='x \"y\"' width=40 caption=\"\\\"q\\\"\" >}} more")
                .unwrap();
        assert_eq!((tag.syntax, tag.name, tag.length), (TagSyntax::Hugo, "figure", 65));
        assert_eq!(tag.value(&["src"]).as_deref(), Some("a b.jpg"));
        assert_eq!(tag.value(&["alt"]).as_deref(), Some("x \"y\""));
        assert_eq!(tag.value(&["width"]).as_deref(), Some("40"));
        assert_eq!(tag.value(&["caption"]).as_deref(), Some("\"q\""));
        assert_eq!(
            ShortcodeTag::parse("{{< ref \"a.md\" >}}")
                .unwrap()
                .value(&["path"])
                .as_deref(),
            Some("a.md")
        );
        assert_eq!(ShortcodeTag::parse("{%- endraw -%}").unwrap().name, "endraw");
        assert!(ShortcodeTag::parse("{{ youtube(id=\"x\") }}").unwrap().is_call());
        assert!(ShortcodeTag::parse("{% include x.html %}").unwrap().is_call());
        assert!(!ShortcodeTag::parse("{{ name }}").unwrap().is_call());
        assert_eq!(ShortcodeTag::parse("{{< open"), None);
        assert_eq!(
            ShortcodeTag::parse("{{</* x \"y\" */>}}").unwrap().unescaped(),
            "{{< x \"y\" >}}"
        );
    }
}
