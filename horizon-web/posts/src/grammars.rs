//! The grammars of programming languages, in memory only while code is highlighted.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use syntect::parsing::SyntaxSet;

/// The grammars that are in use.
static IN_USE: Mutex<Weak<SyntaxSet>> = Mutex::new(Weak::new());

/// All grammars. Concurrent users share them; the last one releases them.
///
/// A grammar compiles each of its regular expressions on the first use and keeps it: up to 50 MB per language.
pub(crate) struct Grammars(Arc<SyntaxSet>);

impl Grammars {
    /// Returns the grammars in use, or loads them, which takes a few milliseconds.
    pub(crate) fn load() -> Self {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let grammars = in_use.upgrade().unwrap_or_else(|| {
            let loaded = Arc::new(two_face::syntax::extra_newlines());
            *in_use = Arc::downgrade(&loaded);
            loaded
        });
        Self(grammars)
    }
}

impl Deref for Grammars {
    type Target = SyntaxSet;

    fn deref(&self) -> &SyntaxSet {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_users_share_the_grammars() {
        let (one, other) = (Grammars::load(), Grammars::load());
        assert!(Arc::ptr_eq(&one.0, &other.0));
    }
}
