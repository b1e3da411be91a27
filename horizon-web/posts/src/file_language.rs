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

/// Finds the documents with translations: `trip.md` and `trip.de.md`, or `en/trip.md` and `de/trip.md`.
///
/// One file with a name such as `vue.js.md` is not a translation.
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
        if translations.len() < 2 {
            continue;
        }
        for at in translations {
            let (Some(document), Some(path)) = (documents.get_mut(at), below.get(at)) else {
                continue;
            };
            document.language = Some(PathLanguage {
                language: language(path, &folders),
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

fn language(path: &Path, folders: &HashSet<String>) -> Option<Language> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let of_folder = || {
        file_name::folders(path)
            .into_iter()
            .next()
            .filter(|first| folders.contains(first))
    };
    let name = file_name::split_language(&stem)
        .1
        .map(str::to_owned)
        .or_else(of_folder)?;
    name.parse().ok()
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
