//! Finds old addresses in front matter that lead nowhere.

use super::{CheckRule, Finding};
use crate::{ContentFolder, Library, addresses, connect, content_file::ContentFile};

/// Returns the aliases of a public file that do not lead to it.
pub(super) fn findings(file: &ContentFile, content: &ContentFolder, library: &Library) -> Vec<Finding> {
    let documents = connect::addressed(&content.roots, &[&file.document]);
    let Some(document) = documents.first() else {
        return Vec::new();
    };
    let finding = |alias: &String| {
        let path = addresses::alias_path(alias, document);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if addresses::key(path) == addresses::key(&document.url) {
            return None;
        }
        let target = library.redirect(path).filter(|_| library.file(path).is_none());
        let reason = match target {
            Some(target) if target == document.url => return None,
            Some(target) => format!("this address leads to {target}"),
            None if path.trim_matches('/').is_empty() => "it is not the path of a page".to_owned(),
            None => "another page or file has this address, or it is not a path".to_owned(),
        };
        let message = format!("the old address {alias:?} has no effect: {reason}");
        Some(Finding::new(CheckRule::FrontMatter, &file.path, None, message))
    };
    document.aliases.iter().filter_map(finding).collect()
}
