//! Splits a file into its front matter and its body.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{
    FileIssue, toml,
    tree::{FieldValue, LocatedValue, ParsedFields},
    yaml,
};

/// The language of a front matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrontMatterFormat {
    /// Between two `---` lines.
    Yaml,
    /// Between two `+++` lines.
    Toml,
    /// An object at the start of the file, as Hugo reads it.
    Json,
}

/// A file with front matter.
#[derive(Debug)]
pub(super) struct SplitFile<'a> {
    pub(super) format: FrontMatterFormat,
    /// The front matter, without the lines around it.
    pub(super) front: &'a str,
    /// The rest of the file.
    pub(super) body: &'a str,
}

impl FrontMatterFormat {
    /// Returns the format with which a file starts.
    pub(super) fn detect(text: &str) -> Option<Self> {
        let line = text.lines().next()?.trim_end();
        match line {
            "---" => Some(Self::Yaml),
            "+++" => Some(Self::Toml),
            // Not `{{< shortcode >}}` or `{% tag %}`.
            _ => {
                let rest = line.strip_prefix('{')?.trim_start();
                (rest.is_empty() || rest.starts_with('"')).then_some(Self::Json)
            }
        }
    }

    /// Returns the key and the value in a line of front matter that cannot be parsed.
    pub(super) fn loose_field(self, line: &str) -> Option<(&str, LocatedValue)> {
        let separator = if self == Self::Toml { '=' } else { ':' };
        let (name, value) = line.split_once(separator)?;
        let value = value.split(" #").next().unwrap_or_default().trim();
        let value = value.trim_end_matches(',').trim_matches(['"', '\'']);
        let value = FieldValue::text(value);
        Some((name, LocatedValue { line: 0, value }))
    }

    /// Returns the error of front matter that is not valid.
    pub(super) fn syntax_issue(self, line: usize, reason: &str) -> FileIssue {
        let kind = match self {
            Self::Yaml => "YAML of \"key: value\" lines",
            Self::Toml => "TOML",
            Self::Json => "JSON",
        };
        FileIssue::error(Some(line), format!("the front matter is not valid {kind}: {reason}"))
    }

    fn fence(self) -> Option<&'static str> {
        match self {
            Self::Yaml => Some("---"),
            Self::Toml => Some("+++"),
            Self::Json => None,
        }
    }
}

impl<'a> SplitFile<'a> {
    /// Splits a file.
    ///
    /// # Errors
    /// The front matter does not end.
    pub(super) fn new(text: &'a str, format: FrontMatterFormat) -> Result<Self, FileIssue> {
        let split = match format.fence() {
            Some(fence) => split_at_fence(text, fence).ok_or_else(|| {
                let reason = format!("the front matter does not end: there is no second line \"{fence}\"");
                FileIssue::error(Some(1), reason)
            }),
            None => split_after_object(text),
        };
        let (front, body) = split?;
        Ok(Self { format, front, body })
    }

    /// Parses the front matter.
    pub(super) fn fields(&self) -> ParsedFields {
        match self.format {
            FrontMatterFormat::Yaml => yaml::parse(self.front, 2),
            FrontMatterFormat::Toml => toml::parse(self.front, 2),
            FrontMatterFormat::Json => yaml::parse(&json_as_yaml(self.front), 1),
        }
    }
}

fn split_at_fence<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let mut end = first.len();
    for line in lines {
        let start = end;
        end += line.len();
        if line.trim_end() == fence {
            return Some((text.get(first.len()..start)?, text.get(end..)?));
        }
    }
    None
}

fn split_after_object(text: &str) -> Result<(&str, &str), FileIssue> {
    let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match objects.next() {
        Some(Err(error)) => {
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
            Err(FrontMatterFormat::Json.syntax_issue(error.line().max(1), message))
        }
        _ => Ok(text.split_at_checked(objects.byte_offset()).unwrap_or((text, ""))),
    }
}

/// Returns valid JSON as valid YAML, with the same lines.
///
/// YAML 1.2 contains JSON, but its parsers reject tabs before a key and pairs of `\u` escapes.
fn json_as_yaml(json: &str) -> Cow<'_, str> {
    if !json.contains(['\t', '\\']) {
        return Cow::Borrowed(json);
    }
    let json = json.replace('\t', " ");
    Cow::Owned(without_surrogates(&json))
}

/// Replaces `\ud83d\ude00` by the character.
fn without_surrogates(json: &str) -> String {
    const PAIR_BYTES: usize = 12;
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escaped) = rest.split_at(at);
        text.push_str(before);
        let pair = escaped.get(..PAIR_BYTES).filter(|pair| pair.starts_with("\\u"));
        let character = pair.and_then(|pair| serde_json::from_str::<char>(&format!("\"{pair}\"")).ok());
        let length = match character {
            Some(character) => {
                text.push(character);
                PAIR_BYTES
            }
            // The backslash and the character after it.
            None => {
                let length = escaped.chars().take(2).map(char::len_utf8).sum();
                text.push_str(escaped.get(..length).unwrap_or_default());
                length
            }
        };
        rest = escaped.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_object_ends_before_the_body() {
        let text = "{\n\t\"title\": \"}\"\n}\n\nBody {x}\n";
        let file = SplitFile::new(text, FrontMatterFormat::Json).unwrap();
        assert_eq!((file.front.len(), file.body), (17, "\n\nBody {x}\n"));
        assert_eq!(file.fields().unwrap().len(), 1);
    }

    #[test]
    fn escapes_of_json_are_read() {
        let text = r#"{"a": "\ud83d\ude00 \u00e9 \\ud83d \/ \"x\" \n"}"#;
        let file = SplitFile::new(text, FrontMatterFormat::Json).unwrap();
        let fields = file.fields().unwrap();
        assert_eq!(fields[0].value.as_text(), Some("😀 é \\ud83d / \"x\""));
    }

    #[test]
    fn a_shortcode_is_not_json() {
        for text in ["{{< x >}}", "{% x %}", "{x}", "{ x"] {
            assert_eq!(FrontMatterFormat::detect(text), None, "{text}");
        }
        for text in ["{", "{\"a\": 1}", "{ \"a\""] {
            assert_eq!(FrontMatterFormat::detect(text), Some(FrontMatterFormat::Json), "{text}");
        }
    }
}
