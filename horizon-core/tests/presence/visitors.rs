use horizon_core::VisitorKey;

/// A set of visitors, one bit each.
pub(crate) type VisitorSet = u128;

/// The number of visitors. A mutant may turn them into up to seven times as many.
pub(crate) const VISITORS: usize = 12;

pub(crate) fn visitor(number: usize) -> VisitorKey {
    VisitorKey::from_u128(number as u128)
}

pub(crate) fn visitor_set<'a>(visitors: impl IntoIterator<Item = &'a VisitorKey>) -> VisitorSet {
    visitors.into_iter().fold(0, |all, one| all | 1 << one.as_u128())
}
