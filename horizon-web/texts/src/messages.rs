//! The files of the languages.

use std::{collections::HashMap, sync::OnceLock};

use fluent_syntax::{ast::Entry, parser};

use crate::message::TextMessage;

/// The languages with interface texts, by primary subtag; English first.
pub const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "ja", "ar"];

/// Their files, in the same order.
const FILES: [&str; 6] = [
    include_str!("../languages/en.ftl"),
    include_str!("../languages/de.ftl"),
    include_str!("../languages/fr.ftl"),
    include_str!("../languages/es.ftl"),
    include_str!("../languages/ja.ftl"),
    include_str!("../languages/ar.ftl"),
];

/// The messages of a language, by id.
pub(crate) type LanguageMessages = HashMap<&'static str, TextMessage>;

/// Returns the messages of the language with this primary subtag. The first call parses its file.
pub(crate) fn messages(language: &str) -> Option<&'static LanguageMessages> {
    static PARSED: [OnceLock<LanguageMessages>; 6] = [const { OnceLock::new() }; 6];
    let index = LANGUAGES.iter().position(|known| *known == language)?;
    let (parsed, file) = PARSED.get(index).zip(FILES.get(index).copied())?;
    Some(parsed.get_or_init(|| parse(file).0))
}

/// Parses a file. Also returns one sentence for each entry that cannot be used.
fn parse(file: &'static str) -> (LanguageMessages, Vec<String>) {
    let (resource, errors) = match parser::parse(file) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, errors)) => (resource, errors),
    };
    let mut problems: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let mut messages = LanguageMessages::new();
    for entry in resource.body {
        let Entry::Message(entry) = entry else { continue };
        let name = entry.id.name;
        match entry.value.as_ref().and_then(TextMessage::new) {
            Some(message) if entry.attributes.is_empty() => {
                if messages.insert(name, message).is_some() {
                    problems.push(format!("`{name}` occurs twice"));
                }
            }
            _ => problems.push(format!("`{name}` uses a part of Fluent that the blog does not read")),
        }
    }
    (messages, problems)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use icu_plurals::PluralRules;

    use super::*;
    use crate::message::category_name;

    /// Returns the messages of all languages.
    fn all() -> impl Iterator<Item = (&'static str, LanguageMessages)> {
        LANGUAGES.into_iter().zip(FILES).map(|(language, file)| {
            let (messages, problems) = parse(file);
            assert!(problems.is_empty(), "{language}.ftl: {problems:#?}");
            (language, messages)
        })
    }

    #[test]
    fn every_language_has_the_texts_of_english_with_the_same_values() {
        let (_, english) = all().next().unwrap();
        let ids = |messages: &LanguageMessages| messages.keys().copied().collect::<BTreeSet<_>>();
        for (language, messages) in all() {
            let (expected, found) = (ids(&english), ids(&messages));
            let missing: Vec<_> = expected.symmetric_difference(&found).collect();
            assert!(
                missing.is_empty(),
                "only in one of en.ftl and {language}.ftl: {missing:?}"
            );
            for (id, message) in &messages {
                let (expected, mut found) = (english[id].variables(), message.variables());
                // «one post» and «two posts» are words in some languages.
                found.insert("count".into());
                let mut with_count = expected.clone();
                with_count.insert("count".into());
                assert_eq!(found, with_count, "{id} in {language}.ftl");
            }
        }
    }

    #[test]
    fn every_plural_has_the_forms_of_its_language() {
        for (language, messages) in all() {
            let locale: icu_locale::Locale = language.parse().unwrap();
            let rules = PluralRules::try_new_cardinal((&locale).into()).unwrap();
            let expected: BTreeSet<_> = rules.categories().map(category_name).collect();
            for (id, message) in &messages {
                for keys in message.selections() {
                    let keys: BTreeSet<_> = keys.into_iter().collect();
                    assert_eq!(keys, expected, "{id} in {language}.ftl");
                }
            }
        }
    }

    #[test]
    fn a_translation_differs_from_english() {
        /// Words that are the same in another language, and texts without words.
        const SAME: &[&str] = &[
            "de: nav-blog",
            "de: comment-name",
            "de: optional",
            "de: token",
            "de: dashboard",
            "de: cluster",
            "de: details",
            "de: time-utc",
            "fr: nav-site",
            "fr: nav-blog",
            "fr: pages",
            "fr: page-number",
            "fr: alert-note",
            "fr: alert-important",
            "fr: comment-hint-code",
            "fr: cluster",
            "fr: time-utc",
            "es: nav-blog",
            "es: token",
            "es: time-utc",
            "ja: time-utc",
        ];
        let (_, english) = all().next().unwrap();
        let mut same = BTreeSet::new();
        for (language, messages) in all().skip(1) {
            let equal = messages.iter().filter(|(id, message)| english[*id] == **message);
            same.extend(equal.map(|(id, _)| format!("{language}: {id}")));
        }
        let expected: BTreeSet<_> = SAME.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(
            same, expected,
            "an untranslated text, or one that is listed as the same"
        );
    }

    /// Returns the code of the blog without tests and white space.
    fn code() -> String {
        fn add_folder(folder: &Path, code: &mut String) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    add_folder(&path, code);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let file = fs::read_to_string(path).unwrap();
                    let without_tests = file.split("\n#[cfg(test)]\nmod ").next().unwrap();
                    code.extend(without_tests.split_whitespace());
                }
            }
        }
        let mut code = String::new();
        for part in ["app/src", "posts/src", "server/src", "texts/src"] {
            add_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(part), &mut code);
        }
        code
    }

    /// Returns whether the code, without white space, looks a text up. A word such as `tag` has other meanings, too: it
    /// counts only where it is an argument of a lookup.
    fn is_used(id: &str, code: &str) -> bool {
        /// The places of words that reach a lookup through a variable.
        const PLACES: &[&str] = &[
            "ListSubject::Tag(tag)=>(\"tag\",",
            "link(previous,\"older\",\"previous\")",
            "\"newer\",\"next\")",
            "{\"scheduled\"}else{\"draft\"}",
            "StatusCode::FORBIDDEN,\"forbidden\",",
        ];
        let literal = format!("\"{id}\"");
        let place = PLACES.iter().find(|place| place.contains(&literal));
        if place.is_some_and(|place| code.contains(place)) {
            return true;
        }
        code.match_indices(&literal).any(|(at, _)| {
            let before = &code[..at];
            let lookups = ["get", "with", "pieces"].map(|lookup| format!("texts.{lookup}("));
            let is_island = before.ends_with("data-horizon=");
            lookups.iter().any(|lookup| before.ends_with(lookup.as_str())) || (id.contains('-') && !is_island)
        })
    }

    #[test]
    fn every_text_is_used() {
        let code = code();
        let (_, english) = all().next().unwrap();
        let unused: Vec<_> = english.keys().filter(|id| !is_used(id, &code)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn a_text_is_not_used_by_a_literal_with_another_meaning() {
        let code = "rel=\"next\";data-horizon=\"new-comments\";page(\"footnotes\");\
                    texts.get(\"tags\");form(\"previous-page\");";
        for unused in ["next", "new-comments", "footnotes", "tag", "previous", "page"] {
            assert!(!is_used(unused, code), "{unused}");
        }
        for used in ["tags", "previous-page"] {
            assert!(is_used(used, code), "{used}");
        }
    }
}
