//! What the name of a Markdown file says: the document's name, its date and its language.

use std::path::{Component, Path};

use crate::{Date, Layout, unicode::nfc};

/// The length of `YYYY-MM-DD`, in bytes.
const DAY_BYTES: usize = 10;

/// The extensions of Markdown files.
const EXTENSIONS: [&str; 4] = ["md", "markdown", "mkd", "mdx"];

/// Returns whether a file is Markdown, by its name.
pub(crate) fn is_markdown(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Returns whether the file is the document of its folder: `index.md`, or `index.de.md`.
pub(crate) fn is_index(path: &Path) -> bool {
    let has_folder = path.parent().is_some_and(|folder| folder.file_name().is_some());
    has_folder && is_markdown(path) && split_language(&stem(path)).0 == "index"
}

/// Returns the name of a document: that of its file without the extension, or that of its folder if the file is the
/// document of the folder. A language at the end stays: `trip.de` for `trip/index.de.md`.
pub(crate) fn document_name(path: &Path) -> String {
    let stem = stem(path);
    let folder = path.parent().and_then(Path::file_name);
    match folder.filter(|_| is_index(path)) {
        Some(folder) => stem.replacen("index", &folder.to_string_lossy(), 1),
        None => stem,
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the names of the folders that contain the file.
pub(crate) fn folders(path: &Path) -> Vec<String> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let names = folders.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    names.collect()
}

/// Splits `hello.de` into `hello` and `de`. The language has two letters, and possibly a region: `pt-br`.
pub(crate) fn split_language(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((bare, language)) if !bare.is_empty() && is_language(language) => (bare, Some(language)),
        _ => (name, None),
    }
}

/// Returns whether a text has the form of a language: two letters, and possibly a region.
pub(crate) fn is_language(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let is_short = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    parts.clone().count() <= 2 && parts.all(is_short)
}

/// Splits `2024-03-07-hello` or `2024-03-07_hello` into its date and `hello`.
pub(crate) fn split_date(name: &str) -> (Option<Date>, &str) {
    let split = name.split_at_checked(DAY_BYTES);
    let dated = split.and_then(|(day, rest)| Some((day.parse().ok()?, rest.strip_prefix(['-', '_'])?)));
    match dated {
        Some((day, rest)) if !rest.is_empty() => (Some(day), rest),
        _ => (None, name),
    }
}

/// Splits a name as [`split_date`]. In Jekyll, month and day may have one digit: `2019-1-2-hello`.
pub(crate) fn split_date_of(layout: Layout, name: &str) -> (Option<Date>, &str) {
    match split_date(name) {
        (None, _) if layout == Layout::Jekyll => split_short_date(name).unwrap_or((None, name)),
        split => split,
    }
}

fn split_short_date(name: &str) -> Option<(Option<Date>, &str)> {
    let mut parts = name.splitn(4, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = parts.next().filter(|rest| !rest.is_empty())?;
    let date = format!("{year}-{month:0>2}-{day:0>2}").parse().ok()?;
    Some((Some(date), rest))
}

/// Makes a title of a name, as Jekyll does: `my-first_post` is `My First Post`.
pub(crate) fn title(name: &str) -> String {
    let words = name.split(['-', '_', ' ']).filter(|word| !word.is_empty());
    let capitalized = words.map(|word| {
        let mut characters = word.chars();
        let first = characters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(characters.flat_map(char::to_lowercase)).collect::<String>()
    });
    nfc(&capitalized.collect::<Vec<_>>().join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_a_folder_has_the_name_of_the_folder() {
        for (path, name) in [
            ("hello.md", "hello"),
            ("posts/trip/index.md", "trip"),
            ("posts/trip/index.de.md", "trip.de"),
            ("index.md", "index"),
            ("posts/2024-03-07-hello.markdown", "2024-03-07-hello"),
        ] {
            assert_eq!(document_name(Path::new(path)), name, "{path}");
        }
        assert!(is_index(Path::new("a/index.mdx")) && !is_index(Path::new("index.md")));
        assert!(!is_index(Path::new("a/index.txt")));
    }

    #[test]
    fn a_name_may_have_a_date_and_a_language() {
        let (day, bare) = split_date("2024-03-07_hello");
        assert_eq!((day.unwrap().day().as_str(), bare), ("2024-03-07", "hello"));
        for undated in ["hello", "2024-13-07-hello", "2024-03-07-", "2024-03-07hello"] {
            assert_eq!(split_date(undated), (None, undated));
        }
        assert_eq!(split_language("hello.pt-br"), ("hello", Some("pt-br")));
        for without in ["hello", "v1.10", "hello.test", ".de"] {
            assert_eq!(split_language(without), (without, None));
        }
    }
}
