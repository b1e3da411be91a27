//! The table of known sources.

use std::sync::LazyLock;

use crate::channel::Channel;

/// The lines of `data/sources.tsv`, sorted by key.
static LINES: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("../data/sources.tsv").lines().collect());

/// A known source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownSource {
    pub(crate) name: &'static str,
    pub(crate) channel: Channel,
}

/// Returns the source with this key in lower case: a host without `www.`, the id of an Android app, or a name.
pub(crate) fn known_source(key: &str) -> Option<KnownSource> {
    let index = LINES.binary_search_by(|line| cells(line).0.cmp(key)).ok()?;
    let (_, rest) = cells(LINES.get(index)?);
    let (name, channel) = cells(rest);
    Some(KnownSource {
        name,
        channel: Channel::from_name(channel),
    })
}

/// Returns the first cell of a line, and the others.
fn cells(line: &'static str) -> (&'static str, &'static str) {
    line.split_once('\t').unwrap_or((line, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_all_of_ours_are_in_the_table() {
        for line in LINES.iter() {
            let (key, rest) = cells(line);
            let found = known_source(key).unwrap();
            assert_eq!(format!("{}\t{}", found.name, found.channel.as_str()), rest, "{key}");
        }
        for line in include_str!("../data/own-sources.tsv").lines() {
            let is_there = line.starts_with('#') || LINES.contains(&line);
            assert!(is_there, "`{line}` is not in sources.tsv: run `cargo xtask data`");
        }
        assert_eq!(known_source("google.example"), None);
        assert_eq!(known_source(""), None);
    }
}
