use horizon_core::{Badge, Draft, DraftError};

/// The author that the application sets for a caller's comments; see [`Identity::author`](crate::Identity::author).
///
/// ```
/// use eventhorizon::{Author, Badge};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let author = Author::new("Ada Lovelace")?.badge(Badge::new("Staff")?);
/// # let _ = author;
/// assert!(Author::new("two\nlines").is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    name: String,
    badge: Option<Badge>,
}

impl Author {
    /// Validates the name like that of a comment's author: at most 80 characters on one line. It may be empty.
    ///
    /// # Errors
    /// Returns a [`DraftError`] for the field `author` with the rule that the name violates.
    pub fn new(name: &str) -> Result<Self, DraftError> {
        let draft = Draft::new(name, "-", None)?;
        Ok(Self {
            name: draft.author().to_owned(),
            badge: None,
        })
    }

    /// Sets what readers see next to the name.
    #[must_use]
    pub fn badge(self, badge: Badge) -> Self {
        Self {
            badge: Some(badge),
            ..self
        }
    }

    /// Returns the draft of a comment by this author.
    #[cfg(feature = "comments")]
    pub(crate) fn draft(&self, body: &str, parent: Option<horizon_core::EventId>) -> Result<Draft, DraftError> {
        Ok(Draft::new(&self.name, body, parent)?.with_badge(self.badge.clone()))
    }
}
