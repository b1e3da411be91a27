use super::Author;

/// The application's knowledge of a caller.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Author, Badge, Identity};
///
/// let anonymous = Identity::unknown();
/// let user = Identity::named("user-7").author(Author::new("Ada")?);
/// let staff = Identity::uncounted().author(Author::new("Ben")?.badge(Badge::new("Staff")?));
/// # let _ = (user, staff);
/// assert_eq!(anonymous, Identity::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    kind: IdentityKind,
    author: Option<Author>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum IdentityKind {
    #[default]
    Unknown,
    Named(String),
    Uncounted,
}

impl Identity {
    /// An unknown caller. Visitors are told apart by network and user agent, readers by a cookie.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// A user of the application, by a stable id: one person on all their devices, without a cookie. The id is hashed,
    /// and neither stored nor logged. A caller who signs in becomes another visitor and another reader: that is a
    /// visit, and earlier likes and comments stay with the cookie.
    #[must_use]
    pub fn named(id: impl Into<String>) -> Self {
        Self::new(IdentityKind::Named(id.into()))
    }

    /// A caller who is not counted as a visitor or viewer, such as the author or a monitor. They can read, and their
    /// likes, comments and custom events count.
    #[must_use]
    pub fn uncounted() -> Self {
        Self::new(IdentityKind::Uncounted)
    }

    fn new(kind: IdentityKind) -> Self {
        Self { kind, author: None }
    }

    /// Sets the author of the caller's comments. The author in the form is then ignored.
    #[must_use]
    pub fn author(self, author: Author) -> Self {
        Self {
            author: Some(author),
            ..self
        }
    }

    /// Returns the author that the application set.
    #[cfg(feature = "comments")]
    pub(crate) fn comment_author(&self) -> Option<&Author> {
        self.author.as_ref()
    }

    /// Returns the id of a named caller.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.kind {
            IdentityKind::Named(name) => Some(name),
            IdentityKind::Unknown | IdentityKind::Uncounted => None,
        }
    }

    pub(crate) fn is_named(&self) -> bool {
        self.name().is_some()
    }

    pub(crate) fn is_uncounted(&self) -> bool {
        self.kind == IdentityKind::Uncounted
    }
}
