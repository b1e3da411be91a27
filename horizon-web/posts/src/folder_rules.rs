//! The rules of a generator about which files and folders are not public.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use regex::Regex;

use crate::{
    Diagnostic, DiagnosticEffect, file_name,
    folder_tree::FolderTree,
    front_matter::{SectionEffect, section_effect},
    layout::{Exclusions, Layout, LayoutRoots, path_regex},
    skipped::SkipReason,
    source::MAX_FILE_BYTES,
};

/// Folders of tools and site generators.
const GENERATOR_FOLDERS: [&str; 12] = [
    "archetypes",
    "i18n",
    "includes",
    "layouts",
    "node_modules",
    "public",
    "resources",
    "sass",
    "target",
    "templates",
    "themes",
    "vendor",
];

/// Extensions of section pages of Hugo that are not Markdown.
const OTHER_SECTIONS: [&str; 4] = ["html", "org", "adoc", "rst"];

/// Returns why a folder with this name in lower case has no documents.
pub(crate) fn reason_of_folder(name: &str, layout: Layout) -> Option<SkipReason> {
    if name.starts_with('_') && !matches!(name, "_posts" | "_drafts") {
        return Some(SkipReason::Underscore);
    }
    // In a content folder these are names of sections.
    let has_tools = matches!(layout, Layout::Plain | Layout::Jekyll);
    let is_tool = name == "node_modules" || (has_tools && GENERATOR_FOLDERS.contains(&name));
    is_tool.then_some(SkipReason::GeneratorFolder)
}

/// The rules of the configuration, and of the section pages read so far.
pub(crate) struct FolderRules<'a> {
    pub(crate) layout: Layout,
    pub(crate) exclusions: &'a Exclusions,
    /// The paths in the root that section pages hide.
    cascades: Vec<(PathBuf, Regex)>,
}

/// A section page that cannot be understood, by the name of its file.
pub(crate) type SectionIssue = Option<PathBuf>;

impl<'a> FolderRules<'a> {
    pub(crate) fn new(layout: Layout, exclusions: &'a Exclusions) -> Self {
        Self {
            layout,
            exclusions,
            cascades: Vec::new(),
        }
    }

    /// Returns whether a file or folder is not public, by its paths in the content folder and in its root.
    pub(crate) fn excludes(&self, path: &Path, below: &Path) -> bool {
        let in_root = || format!("/{}", below.display());
        let is_hidden = |(folder, regex): &(PathBuf, Regex)| below.starts_with(folder) && regex.is_match(&in_root());
        self.exclusions.contains(path) || self.cascades.iter().any(is_hidden)
    }

    /// Reads the section pages among the files of a folder. Returns whether they hide all of it, and which of them
    /// cannot be understood.
    pub(crate) fn read_sections(&mut self, real: &Path, below: &Path, names: &[PathBuf]) -> (bool, SectionIssue) {
        if !matches!(self.layout, Layout::Hugo | Layout::Zola) {
            return (false, None);
        }
        for name in names.iter().filter(|name| is_section(name)) {
            match read(&real.join(name)).map(|text| section_effect(&text)) {
                Some(SectionEffect::All) => return (true, None),
                Some(SectionEffect::NotUnderstood) | None => return (true, Some(name.clone())),
                Some(SectionEffect::Paths(globs)) => {
                    for glob in globs {
                        let Ok(regex) = Regex::new(&format!("^{}", path_regex(&glob))) else {
                            return (true, Some(name.clone()));
                        };
                        self.cascades.push((below.to_owned(), regex));
                    }
                }
            }
        }
        (false, None)
    }
}

fn is_section(name: &Path) -> bool {
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let extension = name
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let is_page = file_name::is_markdown(name) || OTHER_SECTIONS.contains(&extension);
    is_page && file_name::split_language(&stem).0 == "_index"
}

/// Returns the text of a section page.
fn read(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).ok()?;
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Returns the rules that cannot be understood: the files that they may be about are not public.
pub(crate) fn unclear_rules(root: &Path, roots: &LayoutRoots, tree: &FolderTree) -> Vec<Diagnostic> {
    const SECTION: &str =
        "the section page cannot be understood, so its folder is not public: correct its front matter";
    let report = |path: &Path, reason: &str| Diagnostic::new(path, None, DiagnosticEffect::NotShown, reason);
    let issues = roots.config.exclusions.issues().iter();
    let of_configuration = issues.map(|(path, reason)| report(path, reason));
    let of_sections = tree
        .unclear_sections
        .iter()
        .map(|path| report(&root.join(path), SECTION));
    of_configuration.chain(of_sections).collect()
}
