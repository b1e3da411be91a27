//! The keys of the front matter: which there are, how they may be spelled, and which a misspelt one resembles.

use strsim::osa_distance;

/// A key that the blog knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its [`normal`] form.
    pub(crate) name: &'static str,
    pub(crate) meaning: Meaning,
}

/// What the value of a key means for whether a file is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing.
    Content,
    /// The file is not public before this date.
    Date,
    /// The same, as a date beside the post's own. It may be empty.
    NotBefore,
    /// The file is not public from this date on. It may be empty.
    NotAfter,
    /// The file is not public if the value is this. Anything but a flag is a mistake.
    NotPublicIf(bool),
    /// The file is not public if the value is this. Anything but a flag means something else.
    NotPublicIfJust(bool),
    /// A word for the state of the file, as `draft`.
    State,
    /// The file is not public if there is a value.
    Password,
}

const fn key(name: &'static str, meaning: Meaning) -> Key {
    Key { name, meaning }
}

/// All known keys: the blog's own, and those with which Hugo, Jekyll, Zola, Astro, Docusaurus, Eleventy, Obsidian,
/// Ghost and WordPress mark a file as not public.
static KEYS: [Key; 31] = [
    key("title", Meaning::Content),
    key("description", Meaning::Content),
    key("updated", Meaning::Content),
    key("tags", Meaning::Content),
    key("cover", Meaning::Content),
    key("showtoc", Meaning::Content),
    key("slug", Meaning::Content),
    key("date", Meaning::Date),
    key("publishdate", Meaning::NotBefore),
    key("publishedat", Meaning::NotBefore),
    key("expirydate", Meaning::NotAfter),
    key("draft", Meaning::NotPublicIf(true)),
    key("drafts", Meaning::NotPublicIf(true)),
    key("isdraft", Meaning::NotPublicIf(true)),
    key("private", Meaning::NotPublicIf(true)),
    key("hidden", Meaning::NotPublicIf(true)),
    key("unlisted", Meaning::NotPublicIf(true)),
    key("unpublished", Meaning::NotPublicIf(true)),
    key("protected", Meaning::NotPublicIf(true)),
    key("published", Meaning::NotPublicIf(false)),
    key("publish", Meaning::NotPublicIf(false)),
    key("ispublished", Meaning::NotPublicIf(false)),
    key("public", Meaning::NotPublicIf(false)),
    key("visible", Meaning::NotPublicIf(false)),
    key("hide", Meaning::NotPublicIfJust(true)),
    key("permalink", Meaning::NotPublicIfJust(false)),
    key("status", Meaning::State),
    key("poststatus", Meaning::State),
    key("visibility", Meaning::State),
    key("password", Meaning::Password),
    key("postpassword", Meaning::Password),
];

/// Keys that resemble a known key and are not misspellings of it.
const OTHERS: [&str; 12] = [
    "craft",
    "crafts",
    "data",
    "daft",
    "graft",
    "over",
    "publisher",
    "publishers",
    "raft",
    "rate",
    "stats",
    "tabs",
];

/// What a key in a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A known key, in any case and with any separators.
    Known(&'static Key),
    /// Probably a misspelling of this key.
    Near(&'static Key),
    /// Any other key.
    Other,
}

impl Key {
    /// Returns whether a misspelling of the key holds a file back even if its value cannot be understood.
    pub(crate) fn is_draft_or_published(&self) -> bool {
        matches!(self.name, "draft" | "drafts" | "published" | "publish")
    }

    /// Returns whether two spellings of the key in one file both count.
    pub(crate) fn may_repeat(&self) -> bool {
        !matches!(self.meaning, Meaning::Content | Meaning::Date)
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

/// Returns which known key an author means.
pub(crate) fn find(name: &str) -> Found {
    let normal = normal(name);
    if let Some(key) = KEYS.iter().find(|key| key.name == normal) {
        return Found::Known(key);
    }
    if OTHERS.contains(&normal.as_str()) {
        return Found::Other;
    }
    let distances = KEYS
        .iter()
        .filter(|key| !matches!(key.meaning, Meaning::NotPublicIfJust(_)))
        .map(|key| (osa_distance(key.name, &normal), key));
    let near = distances
        .filter(|(distance, key)| *distance <= key.tolerance())
        .min_by_key(|(distance, _)| *distance);
    near.map_or(Found::Other, |(_, key)| Found::Near(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(found: Found) -> &'static str {
        match found {
            Found::Known(key) | Found::Near(key) => key.name,
            Found::Other => "",
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
                matches!(find(spelled), Found::Known(key) if key.name == meant),
                "{spelled}"
            );
        }
    }

    #[test]
    fn a_misspelt_key_is_near_to_the_one_that_is_meant() {
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
                matches!(found, Found::Near(_)) && name(found) == meant,
                "{spelled}: {found:?}"
            );
        }
    }

    #[test]
    fn keys_of_other_programs_are_let_be() {
        for other in [
            "author",
            "layout",
            "weight",
            "categories",
            "publisher",
            "craft",
            "data",
            "image",
            "subtitle",
            "lang",
            "created",
            "type",
            "url",
            "aliases",
            "math",
            "toc",
            "series",
            "state",
            "lastmod",
            "pubDate",
            "menu",
            "summary",
            "excerpt",
            "id",
            "uid",
            "template",
            "permalinks",
            "side",
        ] {
            assert_eq!(find(other), Found::Other, "{other}");
        }
    }
}
