//! The content of snapshots in a form that is easy to compare.

use eventhorizon::NowSnapshot;

pub(crate) fn pages(now: &NowSnapshot) -> Vec<(&str, u64)> {
    now.pages
        .iter()
        .map(|page| (page.slug.as_str(), page.viewers))
        .collect()
}

pub(crate) fn sources(now: &NowSnapshot) -> Vec<(&str, u64)> {
    now.sources
        .iter()
        .map(|source| (&*source.source, source.viewers))
        .collect()
}
