//! A text with values to fill in.

use std::borrow::Cow;

use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};
use icu_plurals::PluralCategory;

use crate::formats::Formats;

/// A value for a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// A number, which is formatted and selects the plural form.
    Number(u64),
    /// Text.
    Text(Cow<'a, str>),
    /// The form of a plural category; `#` stands for the number.
    Form(PluralCategory),
}

impl From<u64> for Argument<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Argument<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Argument<'_> {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl<'a> From<&'a str> for Argument<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Argument<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// A piece of a text: words, or the place of a value that the caller fills in with markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPiece {
    /// Words.
    Text(String),
    /// The place of the value with this name.
    Place(String),
}

/// A parsed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextMessage(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
    Select {
        variable: String,
        variants: Vec<(String, TextMessage)>,
        default: TextMessage,
    },
}

impl TextMessage {
    /// Reads a pattern. Returns `None` for parts of Fluent that the blog does not use: functions, terms, references.
    pub(crate) fn new(pattern: &Pattern<&str>) -> Option<Self> {
        pattern.elements.iter().map(part).collect::<Option<_>>().map(Self)
    }

    /// Returns the text if it has no values.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the pieces of the text with these values.
    pub(crate) fn format(&self, formats: &Formats, arguments: &[(&str, Argument<'_>)], pieces: &mut Vec<TextPiece>) {
        let argument = |variable: &str| {
            arguments
                .iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| value)
        };
        for part in &self.0 {
            match part {
                Part::Text(text) => push(pieces, text),
                Part::Variable(variable) => match argument(variable) {
                    Some(Argument::Number(number)) => push(pieces, &formats.number(*number)),
                    Some(Argument::Text(text)) => push(pieces, text),
                    Some(Argument::Form(_)) => push(pieces, "#"),
                    None => pieces.push(TextPiece::Place(variable.clone())),
                },
                Part::Select {
                    variable,
                    variants,
                    default,
                } => {
                    let key = argument(variable).map(|value| key(value, formats));
                    let selected = variants.iter().find(|(name, _)| key.is_some_and(|key| key == name));
                    let message = selected.map_or(default, |(_, message)| message);
                    message.format(formats, arguments, pieces);
                }
            }
        }
    }

    /// Returns the names of the values.
    #[cfg(test)]
    pub(crate) fn variables(&self) -> std::collections::BTreeSet<String> {
        let of_part = |part: &Part| match part {
            Part::Text(_) => Vec::new(),
            Part::Variable(name) => vec![name.clone()],
            Part::Select {
                variable,
                variants,
                default,
            } => {
                let variants = variants.iter().map(|(_, message)| message);
                let inner = variants.chain([default]).flat_map(Self::variables);
                inner.chain([variable.clone()]).collect()
            }
        };
        self.0.iter().flat_map(of_part).collect()
    }

    /// Returns the keys of each selection, with that of the default variant.
    #[cfg(test)]
    pub(crate) fn selections(&self) -> Vec<Vec<&str>> {
        fn keys(part: &Part) -> Option<Vec<&str>> {
            match part {
                Part::Select { variants, .. } => Some(variants.iter().map(|(key, _)| key.as_str()).collect()),
                _ => None,
            }
        }
        self.0.iter().filter_map(keys).collect()
    }
}

fn push(pieces: &mut Vec<TextPiece>, text: &str) {
    if let Some(TextPiece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(TextPiece::Text(text.to_owned()));
    }
}

fn part(element: &PatternElement<&str>) -> Option<Part> {
    match element {
        PatternElement::TextElement { value } => Some(Part::Text((*value).to_owned())),
        PatternElement::Placeable { expression } => match expression {
            Expression::Inline(InlineExpression::StringLiteral { value }) => Some(Part::Text((*value).to_owned())),
            Expression::Inline(InlineExpression::VariableReference { id }) => Some(Part::Variable(id.name.to_owned())),
            Expression::Inline(_) => None,
            Expression::Select { selector, variants } => select(selector, variants),
        },
    }
}

fn select(selector: &InlineExpression<&str>, variants: &[Variant<&str>]) -> Option<Part> {
    let InlineExpression::VariableReference { id } = selector else {
        return None;
    };
    let read = |variant: &Variant<&str>| {
        let key = match variant.key {
            VariantKey::Identifier { name } => name,
            VariantKey::NumberLiteral { value } => value,
        };
        Some((key.to_owned(), TextMessage::new(&variant.value)?))
    };
    let default = variants.iter().find(|variant| variant.default)?;
    Some(Part::Select {
        variable: id.name.to_owned(),
        default: TextMessage::new(&default.value)?,
        variants: variants.iter().map(read).collect::<Option<_>>()?,
    })
}

/// Returns the key of the variant for a value.
fn key<'a>(value: &'a Argument<'_>, formats: &Formats) -> &'a str {
    match value {
        Argument::Number(number) => category_name(formats.category(*number)),
        Argument::Text(text) => text,
        Argument::Form(category) => category_name(*category),
    }
}

/// Returns the name of a category in CLDR.
pub(crate) fn category_name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}
