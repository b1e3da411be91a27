use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Slug;

/// The name of a node: 1 to 64 characters, the same that a [`Slug`] is made of.
///
/// No two nodes that run at the same time may have the same name. Cloning is cheap.
///
/// ```
/// use horizon_core::presence::NodeId;
///
/// let node: NodeId = "web-1".parse()?;
/// assert_eq!(node.as_str(), "web-1");
/// assert_eq!(NodeId::default().to_string(), "local");
/// # Ok::<(), horizon_core::presence::ParseNodeIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeId(Slug);

/// Why a text is no [`NodeId`].
///
/// ```
/// use horizon_core::presence::NodeId;
///
/// let error = NodeId::new("web 1").unwrap_err();
/// assert!(error.to_string().starts_with("a node's name is 1 to 64"));
/// ```
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

    /// Checks `text` and makes it a name.
    ///
    /// ```
    /// use horizon_core::presence::NodeId;
    ///
    /// assert!(NodeId::new("web-1.eu").is_ok());
    /// assert!(NodeId::new(&"x".repeat(NodeId::MAX_BYTES + 1)).is_err());
    /// ```
    ///
    /// # Errors
    /// [`ParseNodeIdError`] when it is too long or holds what a name cannot hold.
    pub fn new(text: &str) -> Result<Self, ParseNodeIdError> {
        if text.len() > Self::MAX_BYTES {
            return Err(ParseNodeIdError);
        }
        Slug::new(text).map(Self).map_err(|_| ParseNodeIdError)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Default for NodeId {
    /// `local`: the name of a node that has no others.
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
    fn a_name_reads_back_as_it_was_written() {
        for good in ["a", "web-1", "Web_2.eu~west", &"x".repeat(64)] {
            assert_eq!(good.parse::<NodeId>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["", ".web", "web 1", "web:1", "wéb", &"x".repeat(65)] {
            assert_eq!(NodeId::new(bad), Err(ParseNodeIdError), "{bad:?}");
        }
    }
}
