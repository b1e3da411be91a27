//! Documents that want the same URL.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use horizon_core::Slug;

use crate::{Diagnostic, DiagnosticEffect, content_file::ContentFile, file_name, slug::post_slug, source::FileKind};

/// If several files have the same slug, lets the one have it that becomes public first; if they become public at the
/// same time, the first by path. Drafts come last: a draft never replaces a public post, but the conflict is reported
/// before the draft is published. Translations come after files without a language in their name.
///
/// Another file whose slug comes from its name gets the language or the folder into its slug. If that is not possible,
/// it is not shown.
pub(crate) fn resolve(mut files: Vec<ContentFile>, root: &Path) -> (Vec<ContentFile>, Vec<Diagnostic>) {
    let order = |file: &ContentFile| {
        let publication = file.publication;
        (
            publication.is_draft,
            file.is_translation,
            publication.from,
            file.path.clone(),
        )
    };
    files.sort_by_cached_key(order);
    let mut diagnostics = Vec::new();
    let mut paths: HashMap<(FileKind, Slug), PathBuf> = HashMap::new();
    // A slug that an author wrote is not given to another file.
    let written: Vec<(FileKind, Slug)> = files.iter().filter(|file| file.name.is_none()).map(key).collect();
    let mut shown = Vec::with_capacity(files.len());
    for mut file in files {
        let wanted = key(&file);
        let mut reason = None;
        if let Some(other) = paths.get(&wanted) {
            let used = format!("the slug \"{}\" is already used by {}", wanted.1, other.display());
            let free = |slug: &Slug| {
                let key = (wanted.0, slug.clone());
                !paths.contains_key(&key) && !written.contains(&key)
            };
            let Some(slug) = other_slugs(&file, root).into_iter().find(free) else {
                diagnostics.push(Diagnostic::new(&file.path, None, DiagnosticEffect::NotShown, used));
                continue;
            };
            reason = Some(format!("{used}; the URL of this file ends with \"{slug}\""));
            file.document.set_slug(slug);
        }
        let effect = DiagnosticEffect::OtherUrl;
        diagnostics.extend(reason.map(|reason| Diagnostic::new(&file.path, None, effect, reason)));
        paths.insert(key(&file), file.path.clone());
        shown.push(file);
    }
    (shown, diagnostics)
}

fn key(file: &ContentFile) -> (FileKind, Slug) {
    (file.document.kind(), file.document.slug().clone())
}

/// Returns the slugs that a file may have instead of its own.
fn other_slugs(file: &ContentFile, root: &Path) -> Vec<Slug> {
    let Some(name) = &file.name else {
        return Vec::new();
    };
    let path = file.path.strip_prefix(root).unwrap_or(&file.path);
    let mut folders = file_name::folders(path);
    if file_name::is_index(path) {
        folders.pop();
    }
    let slug = file.document.slug();
    let language = file.document.language();
    let with_language = language.map(|language| format!("{slug}-{}", language.to_string().to_lowercase()));
    let folder = folders.last().filter(|folder| !folder.starts_with('_'));
    let with_folder = folder.map(|folder| format!("{}-{slug}", folder.replace(' ', "-")));
    // The name has a date if the slug has none.
    let with_date = (!folders.is_empty()).then(|| name.clone());
    let others = [with_language, with_folder, with_date].into_iter().flatten();
    others.filter_map(|slug| post_slug(&slug).ok()).collect()
}
