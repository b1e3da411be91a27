use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Slug;

/// The name of a node: 1 to 64 characters of a [`Slug`].
///
/// Nodes that run at the same time must have different names. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(Slug);

/// The text is not a [`NodeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a node's name is 1 to {} ASCII letters, digits, '-', '_', '.' and '~', not starting with a dot",
    NodeId::MAX_BYTES
)]
#[non_exhaustive]
pub struct ParseNodeIdError;

impl NodeId {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Validates `text`.
    ///
    /// # Errors
    /// Returns [`ParseNodeIdError`] if the text is too long or contains a character that is not allowed.
    pub fn new(text: &str) -> Result<Self, ParseNodeIdError> {
        if text.len() > Self::MAX_BYTES {
            return Err(ParseNodeIdError);
        }
        Slug::new(text).map(Self).map_err(|_| ParseNodeIdError)
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Default for NodeId {
    /// Returns `local`, the name of a single node.
    fn default() -> Self {
        Self(Slug::from_static("local"))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for NodeId {
    type Err = ParseNodeIdError;
    fn from_str(text: &str) -> Result<Self, ParseNodeIdError> {
        Self::new(text)
    }
}

impl TryFrom<String> for NodeId {
    type Error = ParseNodeIdError;
    fn try_from(text: String) -> Result<Self, ParseNodeIdError> {
        Self::new(&text)
    }
}

impl From<NodeId> for String {
    fn from(node: NodeId) -> Self {
        node.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_round_trips_as_text() {
        for good in ["a", "web-1", "Web_2.eu~west", &"x".repeat(64)] {
            assert_eq!(good.parse::<NodeId>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn other_texts_are_not_names() {
        for bad in ["", ".web", "web 1", "web:1", "wéb", &"x".repeat(65)] {
            assert_eq!(NodeId::new(bad), Err(ParseNodeIdError), "{bad:?}");
        }
    }
}
