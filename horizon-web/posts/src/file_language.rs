//! The languages of documents that are translated in several files or folders.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use crate::{Language, file_name, folder_tree::FoundDocument, layout::LayoutRoots};

/// What the path of a document says about its translations.
#[derive(Clone, Debug, Hash)]
pub(crate) struct PathLanguage {
    pub(crate) language: Option<Language>,
    /// The name that the translations share.
    pub(crate) translation_key: String,
}

/// Finds the documents with translations: `trip.md` and `trip.de.md`, or `en/trip.md` and `de/trip.md`. In a project
/// with languages in its configuration, also a file without others, such as `trip.de.md`.
///
/// One file with a name such as `vue.js.md` is not a translation. The names of translations lose the language, except
/// in our own layout, where the language was always part of the slug.
pub(crate) fn add_languages(documents: &mut [FoundDocument], roots: &LayoutRoots) {
    let below: Vec<PathBuf> = documents
        .iter()
        .map(|document| roots.below_root(&document.path).to_owned())
        .collect();
    let folders = language_folders(&below);
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, path) in below.iter().enumerate() {
        by_name.entry(shared_name(path, &folders)).or_default().push(at);
    }
    for (name, translations) in by_name {
        let is_translated = translations.len() > 1;
        for at in translations {
            let (Some(document), Some(path)) = (documents.get_mut(at), below.get(at)) else {
                continue;
            };
            let of_name = language_of_name(path);
            let is_configured = || {
                of_name
                    .as_ref()
                    .is_some_and(|language| roots.config.languages.contains(language))
            };
            if !is_translated && !is_configured() {
                continue;
            }
            if of_name.is_some() && document.is_optional {
                document
                    .name
                    .truncate(file_name::split_language(&document.name).0.len());
            }
            let language = of_name.or_else(|| language_of_folder(path, &folders));
            document.language = Some(PathLanguage {
                language: language.and_then(|language| language.parse().ok()),
                translation_key: name.clone(),
            });
        }
    }
}

/// Returns the folders of languages: there are at least two of them.
fn language_folders(paths: &[PathBuf]) -> HashSet<String> {
    let first = paths
        .iter()
        .filter_map(|path| file_name::folders(path).into_iter().next());
    let folders: HashSet<String> = first.filter(|folder| file_name::is_language(folder)).collect();
    if folders.len() < 2 { HashSet::new() } else { folders }
}

/// Returns the path without extension and language.
fn shared_name(path: &Path, folders: &HashSet<String>) -> String {
    let mut parts = file_name::folders(path);
    if parts.first().is_some_and(|first| folders.contains(first)) {
        parts.remove(0);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    parts.push(file_name::split_language(&stem).0.to_owned());
    parts.join("/")
}

/// Returns the language at the end of a file's name, in lower case.
fn language_of_name(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy();
    Some(file_name::split_language(&stem).1?.to_lowercase())
}

fn language_of_folder(path: &Path, folders: &HashSet<String>) -> Option<String> {
    let first = file_name::folders(path).into_iter().next();
    first.filter(|first| folders.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileKind;

    fn languages(paths: &[&str]) -> Vec<String> {
        let found = |path: &&str| FoundDocument {
            path: path.into(),
            name: String::new(),
            kind: FileKind::PostIfDated,
            is_draft: false,
            is_optional: false,
            is_nested: false,
            language: None,
        };
        let mut documents: Vec<FoundDocument> = paths.iter().map(found).collect();
        add_languages(&mut documents, &LayoutRoots::default());
        let text = |language: &PathLanguage| {
            let name = language
                .language
                .as_ref()
                .map_or_else(|| "?".to_owned(), ToString::to_string);
            format!("{name} {}", language.translation_key)
        };
        documents
            .iter()
            .map(|one| one.language.as_ref().map(text).unwrap_or_default())
            .collect()
    }

    #[test]
    fn translations_are_found_by_their_names() {
        assert_eq!(
            languages(&["trip.md", "trip.de.md", "other.de.md"]),
            ["? trip", "de trip", ""]
        );
        assert_eq!(
            languages(&["a/index.md", "a/index.pt-br.md"]),
            ["? a/index", "pt-BR a/index"]
        );
        assert_eq!(languages(&["en/x.md", "de/x.md", "de/y.md"]), ["en x", "de x", ""]);
        assert_eq!(languages(&["vue.js.md", "node.ts.md", "go/x.md"]), ["", "", ""]);
    }
}
