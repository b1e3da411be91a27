//! The layouts of content folders: our own, and those of the common site generators.

mod addresses;
mod config;
mod exclusions;
mod roots;
mod site_settings;

use std::{
    fmt,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

pub(crate) use self::{
    addresses::{DocumentAddresses, NamedFile},
    exclusions::{Exclusions, path_regex},
    roots::{FileUse, FolderRoot, LayoutRoots},
};

/// The longest line that is read to find out whether a file has TOML front matter, in bytes.
const MAX_FENCE_BYTES: u64 = 64;

/// The site generator for which a content folder was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// None: posts in the folder, pages in `pages/`.
    #[default]
    Plain,
    /// <https://gohugo.io>.
    Hugo,
    /// <https://www.getzola.org>.
    Zola,
    /// <https://jekyllrb.com>.
    Jekyll,
    /// <https://astro.build>.
    Astro,
}

impl Layout {
    /// Finds out which generator's project is in the folder `root`, or in its parent if `root` is named `content`.
    #[must_use]
    pub fn detect(root: &Path) -> Self {
        of_project(root).or_else(|| of_content_folder(root)).unwrap_or_default()
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Hugo => "Hugo",
            Self::Zola => "Zola",
            Self::Jekyll => "Jekyll",
            Self::Astro => "Astro",
        })
    }
}

/// Returns the generator whose project is in this folder.
fn of_project(root: &Path) -> Option<Layout> {
    let has_file = |name: &str| root.join(name).is_file();
    let has_folder = |name: &str| root.join(name).is_dir();
    let with_any = |stem: &str, extensions: &[&str]| {
        let mut names = extensions.iter().map(|extension| format!("{stem}.{extension}"));
        names.any(|name| has_file(&name))
    };
    if with_any("astro.config", &["mjs", "js", "ts", "mts", "cjs"]) || has_folder("src/content") {
        return Some(Layout::Astro);
    }
    if config::exists_for_jekyll(root) || has_folder("_posts") {
        return Some(Layout::Jekyll);
    }
    if with_any("hugo", &["toml", "yaml", "yml", "json"]) {
        return Some(Layout::Hugo);
    }
    if !has_folder("content") {
        return None;
    }
    if has_file("config.toml") && config::is_of_zola(root) {
        return Some(Layout::Zola);
    }
    let is_of_hugo = with_any("config", &["toml", "yaml", "yml", "json"])
        || has_folder("config/_default")
        || has_folder("archetypes");
    is_of_hugo.then_some(Layout::Hugo)
}

/// Returns the generator whose content folder this is. Only Hugo and Zola have a file `_index.md` for each section.
fn of_content_folder(root: &Path) -> Option<Layout> {
    let real = fs::canonicalize(root).ok()?;
    if real.file_name().is_some_and(|name| name == "content") {
        let of_parent = real.parent().and_then(of_project);
        if let Some(layout @ (Layout::Hugo | Layout::Zola)) = of_parent {
            return Some(layout);
        }
    }
    let section = section_file(root)?;
    Some(if starts_with_toml(&section) {
        Layout::Zola
    } else {
        Layout::Hugo
    })
}

/// Returns `_index.md` in the folder or in one of its folders.
fn section_file(root: &Path) -> Option<std::path::PathBuf> {
    let own = root.join("_index.md");
    if own.is_file() {
        return Some(own);
    }
    let mut folders: Vec<_> = fs::read_dir(root).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let sections = folders.into_iter().map(|folder| folder.join("_index.md"));
    sections.into_iter().find(|section| section.is_file())
}

fn starts_with_toml(path: &Path) -> bool {
    let mut line = String::new();
    let file = File::open(path).map(|file| BufReader::new(file.take(MAX_FENCE_BYTES)).read_line(&mut line));
    matches!(file, Ok(Ok(_))) && line.trim_end() == "+++"
}
