//! The keys of the front matter, and matching of misspelt keys.

use strsim::osa_distance;

/// A known key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    /// Its [`normal`] form.
    pub(crate) name: &'static str,
    pub(crate) rule: KeyRule,
}

/// How the value of a key decides whether a file is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRule {
    /// It has no effect.
    Content,
    /// The file is not public before this date.
    Date,
    /// The same, in addition to the post's own date. It may be empty.
    NotBefore,
    /// The file is not public from this date on. It may be empty.
    NotAfter,
    /// The file is not public if the value is this flag. Other values are errors.
    HiddenIf(bool),
    /// The file is not public if the value is this flag. Other values have another meaning.
    HiddenIfFlag(bool),
    /// The state of the file, such as `draft`.
    State,
    /// The file is not public if there is a value.
    Password,
}

const fn key(name: &'static str, rule: KeyRule) -> KnownKey {
    KnownKey { name, rule }
}

/// The blog's own keys, and those with which Hugo, Jekyll, Zola, Astro, Docusaurus, Eleventy, Obsidian, Ghost and
/// WordPress mark a file as not public. A misspelling of one of them is reported.
static KEYS: [KnownKey; 35] = [
    key("title", KeyRule::Content),
    key("description", KeyRule::Content),
    key("updated", KeyRule::Content),
    key("tags", KeyRule::Content),
    key("cover", KeyRule::Content),
    key("showtoc", KeyRule::Content),
    key("slug", KeyRule::Content),
    key("aliases", KeyRule::Content),
    key("language", KeyRule::Content),
    key("series", KeyRule::Content),
    key("summary", KeyRule::Content),
    key("date", KeyRule::Date),
    key("publishdate", KeyRule::NotBefore),
    key("publishedat", KeyRule::NotBefore),
    key("expirydate", KeyRule::NotAfter),
    key("draft", KeyRule::HiddenIf(true)),
    key("drafts", KeyRule::HiddenIf(true)),
    key("isdraft", KeyRule::HiddenIf(true)),
    key("private", KeyRule::HiddenIf(true)),
    key("hidden", KeyRule::HiddenIf(true)),
    key("unlisted", KeyRule::HiddenIf(true)),
    key("unpublished", KeyRule::HiddenIf(true)),
    key("protected", KeyRule::HiddenIf(true)),
    key("published", KeyRule::HiddenIf(false)),
    key("publish", KeyRule::HiddenIf(false)),
    key("ispublished", KeyRule::HiddenIf(false)),
    key("public", KeyRule::HiddenIf(false)),
    key("visible", KeyRule::HiddenIf(false)),
    key("hide", KeyRule::HiddenIfFlag(true)),
    key("permalink", KeyRule::HiddenIfFlag(false)),
    key("status", KeyRule::State),
    key("poststatus", KeyRule::State),
    key("visibility", KeyRule::State),
    key("password", KeyRule::Password),
    key("postpassword", KeyRule::Password),
];

/// Keys of other programs. Another key that is similar to one of them is not a misspelling.
static OTHER_KEYS: [KnownKey; 3] = [
    key("headless", KeyRule::HiddenIfFlag(true)),
    key("render", KeyRule::HiddenIfFlag(false)),
    key("unpublishdate", KeyRule::NotAfter),
];

/// Returns whether a key is similar to a known key but not a misspelling of it.
fn is_unrelated(name: &str) -> bool {
    let names = "alias craft crafts data daft graft languages over publisher publishers raft rate serie stats tabs";
    names.split(' ').any(|unrelated| unrelated == name)
}

/// The known key that a key in a file matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyMatch {
    /// This key, in any case and with any separators.
    Known(&'static KnownKey),
    /// Probably a misspelling of this key.
    Similar(&'static KnownKey),
    /// Any other key.
    Unknown,
}

impl KnownKey {
    /// Returns whether a misspelling of the key hides a file even if its value is invalid.
    pub(crate) fn is_draft_or_published(&self) -> bool {
        matches!(self.name, "draft" | "drafts" | "published" | "publish")
    }

    /// Returns whether two spellings of the key in one file both have effect.
    pub(crate) fn may_repeat(&self) -> bool {
        !matches!(self.rule, KeyRule::Content | KeyRule::Date)
    }

    /// Returns the largest edit distance of a misspelling: 1 for keys below seven letters, else 2.
    fn tolerance(&self) -> usize {
        if self.name.len() < 7 { 1 } else { 2 }
    }
}

/// Returns the letters and digits of a key in lower case.
pub(crate) fn normal(name: &str) -> String {
    let characters = name.chars().filter(|c| c.is_alphanumeric());
    characters.flat_map(char::to_lowercase).collect()
}

/// Finds the known key that matches `name`.
pub(crate) fn find(name: &str) -> KeyMatch {
    find_normal(&normal(name))
}

/// Finds the known key that matches a name in its [`normal`] form.
pub(crate) fn find_normal(normal: &str) -> KeyMatch {
    if let Some(key) = KEYS.iter().chain(&OTHER_KEYS).find(|key| key.name == normal) {
        return KeyMatch::Known(key);
    }
    if is_unrelated(normal) {
        return KeyMatch::Unknown;
    }
    let distances = KEYS
        .iter()
        .filter(|key| !matches!(key.rule, KeyRule::HiddenIfFlag(_)))
        // Computing the distance takes long.
        .filter(|key| key.name.len().abs_diff(normal.chars().count()) <= key.tolerance())
        .map(|key| (osa_distance(key.name, normal), key));
    let similar = distances
        .filter(|(distance, key)| *distance <= key.tolerance())
        .min_by_key(|(distance, _)| *distance);
    similar.map_or(KeyMatch::Unknown, |(_, key)| KeyMatch::Similar(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(found: KeyMatch) -> &'static str {
        match found {
            KeyMatch::Known(key) | KeyMatch::Similar(key) => key.name,
            KeyMatch::Unknown => "",
        }
    }

    #[test]
    fn a_key_is_known_in_any_case_and_with_any_separators() {
        for (spelled, meant) in [
            ("draft", "draft"),
            ("Draft", "draft"),
            ("DRAFT", "draft"),
            ("draft\u{a0}", "draft"),
            ("show_toc", "showtoc"),
            ("ShowToc", "showtoc"),
            ("publish-date", "publishdate"),
        ] {
            assert!(
                matches!(find(spelled), KeyMatch::Known(key) if key.name == meant),
                "{spelled}"
            );
        }
    }

    #[test]
    fn a_misspelt_key_suggests_the_closest_key() {
        for (spelled, meant) in [
            ("darft", "draft"),
            ("drft", "draft"),
            ("drаft", "draft"),
            ("titel", "title"),
            ("descripton", "description"),
            ("pulbished", "published"),
            ("publised", "published"),
            ("visiblity", "visibility"),
            ("tag", "tags"),
        ] {
            let found = find(spelled);
            assert!(
                matches!(found, KeyMatch::Similar(_)) && name(found) == meant,
                "{spelled}: {found:?}"
            );
        }
    }

    #[test]
    fn keys_of_other_programs_are_ignored() {
        let others = "author layout weight categories publisher craft data image subtitle lang created type url \
            alias math toc state lastmod pubDate menu excerpt id uid template permalinks side languages serie";
        for other in others.split_whitespace() {
            assert_eq!(find(other), KeyMatch::Unknown, "{other}");
        }
    }
}
