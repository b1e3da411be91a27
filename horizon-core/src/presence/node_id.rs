use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a node: 1 to 64 ASCII letters, digits, `-`, `_`, `.` or `~`, not starting with a dot.
///
/// Nodes that run at the same time must have different names. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(Arc<str>);

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
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        let has_length = (1..=Self::MAX_BYTES).contains(&text.len());
        if !has_length || text.starts_with('.') || !text.bytes().all(is_allowed) {
            return Err(ParseNodeIdError);
        }
        Ok(Self(text.into()))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for NodeId {
    /// Returns `local`, the name of a single node.
    fn default() -> Self {
        Self("local".into())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        node.0.as_ref().into()
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
