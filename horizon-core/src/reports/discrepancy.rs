use std::fmt;

/// Two numbers of a store that should be equal and are not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discrepancy {
    /// What the numbers count, such as `visits of blog:hello`.
    pub what: String,
    /// The number that is derived from the parts, such as the undated number and the buckets.
    pub parts: i64,
    /// The stored total.
    pub total: i64,
}

impl Discrepancy {
    /// Returns a discrepancy, or `None` if the numbers are equal.
    #[must_use]
    pub fn between(what: impl FnOnce() -> String, parts: i64, total: i64) -> Option<Self> {
        (parts != total).then(|| Self {
            what: what(),
            parts,
            total,
        })
    }
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, parts, total } = self;
        write!(f, "{what}: the parts add up to {parts}, the total is {total}")
    }
}
