//! Knows no crawlers, for builds without the feature `bots`.

/// A list of crawlers without entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bots(());

impl Bots {
    pub(crate) fn is_bot(&self, _agent: &str) -> bool {
        false
    }
}
