/// The application's knowledge of a caller.
///
/// ```
/// use eventhorizon::Identity;
///
/// assert_eq!(Identity::default(), Identity::unknown());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    kind: IdentityKind,
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
    /// and neither stored nor logged.
    #[must_use]
    pub fn named(id: impl Into<String>) -> Self {
        Self::new(IdentityKind::Named(id.into()))
    }

    /// A caller who is not counted, such as the author or a monitor. They can read, like and comment.
    #[must_use]
    pub fn uncounted() -> Self {
        Self::new(IdentityKind::Uncounted)
    }

    fn new(kind: IdentityKind) -> Self {
        Self { kind }
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
