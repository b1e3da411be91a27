//! The data of a visit.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Slug, VisitorKey, clean_text};

/// Someone has a page open at this moment.
///
/// Tracked when a live connection opens, every few minutes while it is open, and when it closes. It counts as a visit
/// if the visitor was not seen on the topic for [`VISIT_GAP`](crate::VISIT_GAP). Without a visitor every event with the
/// cause `open` counts.
/// Stores ignore fields that they do not use.
///
/// ```
/// use horizon_core::{Visit, VisitCause};
///
/// let visit: Visit = serde_json::from_str(r#"{"cause":"end","seconds":40}"#)?;
/// assert_eq!((visit.cause(), visit.seconds), (VisitCause::End, Some(40)));
/// assert_eq!(Visit::default().cause(), VisitCause::Open);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Visit {
    /// The visitor, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorKey>,
    /// Why the event is sent; see [`cause`](Self::cause). A cause of a later version is read as `None`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_cause")]
    pub cause: Option<VisitCause>,
    /// The page, in an event of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Slug>,
    /// How long the page was visible since the previous event of its connection, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Whether the visitor liked, commented or sent a custom event.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// Whether the end of the page was on screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// Where the visitor came from, and with which browser. In events of the site with the cause `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<VisitContext>>,
}

/// Why a [`Visit`] is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitCause {
    /// A page was opened.
    Open,
    /// A lost connection was opened again.
    Reopen,
    /// The page is still open, or the visitor did something on it.
    Beat,
    /// The page was closed.
    End,
}

impl VisitCause {
    /// Returns the cause with this name on the wire, or `None` if this version does not know it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "reopen" => Some(Self::Reopen),
            "beat" => Some(Self::Beat),
            "end" => Some(Self::End),
            _ => None,
        }
    }
}

/// Reads a cause that this version does not know as `None`, so that the visit still counts.
fn known_cause<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VisitCause>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    Ok(name.as_deref().and_then(VisitCause::from_name))
}

impl Visit {
    /// Returns a visit of a visitor, if known.
    #[must_use]
    pub fn of(visitor: Option<VisitorKey>) -> Self {
        Self {
            visitor,
            ..Self::default()
        }
    }

    /// Returns the cause. If it is not given, it is `open` without a visitor, and `beat` with one.
    #[must_use]
    pub fn cause(&self) -> VisitCause {
        self.cause.unwrap_or(match self.visitor {
            None => VisitCause::Open,
            Some(_) => VisitCause::Beat,
        })
    }
}

/// Where a visitor came from, and with which browser. Unknown values are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct VisitContext {
    /// The site or campaign that led here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ContextValue>,
    /// The kind of the source: `direct`, `search`, `social`, `mail`, `ai`, `paid` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ContextValue>,
    /// `utm_medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<ContextValue>,
    /// `utm_campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<ContextValue>,
    /// `utm_term`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<ContextValue>,
    /// `utm_content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContextValue>,
    /// The browser and its major version, such as `firefox 132`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<ContextValue>,
    /// The operating system and its major version, such as `android 14`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<ContextValue>,
    /// `phone`, `tablet`, `laptop` or `desktop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<ContextValue>,
    /// The country, as two capital letters (ISO 3166-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<ContextValue>,
    /// The language, as the primary subtag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<ContextValue>,
}

/// A value of a [`VisitContext`]: at most 64 characters on one line.
///
/// ```
/// use horizon_core::ContextValue;
///
/// assert_eq!(ContextValue::new(" newsletter\n ").as_str(), "newsletter");
/// assert_eq!(ContextValue::new(&"x".repeat(100)).as_str().len(), 64);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct ContextValue(Box<str>);

impl ContextValue {
    /// The longest value, in Unicode scalar values (`char`).
    pub const MAX_CHARS: usize = 64;

    /// Returns the text without control characters, characters that hide text and surrounding white space. A longer
    /// text is cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let cleaned = clean_text(text.trim());
        let visible = cleaned.chars().filter(|c| !c.is_control());
        let cut: String = visible.take(Self::MAX_CHARS).collect();
        Self(cut.trim().into())
    }

    /// Returns the value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ContextValue {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_name_and_a_later_one_is_ignored() {
        for cause in [VisitCause::Open, VisitCause::Reopen, VisitCause::Beat, VisitCause::End] {
            let visit = Visit {
                cause: Some(cause),
                ..Visit::default()
            };
            let json = serde_json::to_string(&visit).unwrap();
            assert_eq!(serde_json::from_str::<Visit>(&json).unwrap(), visit, "{json}");
        }
        let later: Visit = serde_json::from_str(r#"{"cause":"wave","seconds":3}"#).unwrap();
        assert_eq!((later.cause, later.seconds), (None, Some(3)));
        assert!(serde_json::from_str::<Visit>(r#"{"cause":7}"#).is_err());
    }
}
