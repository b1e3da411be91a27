//! The title and the language in the configuration of a generator.

use std::path::{Path, PathBuf};

use super::{Layout, config, exclusions::field};
use crate::{CheckRule, ContentFolder, Finding, Language};

/// What readers see of the whole site, and the configurations that say so.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct SiteSettings {
    title: Option<(PathBuf, String)>,
    language: Option<(PathBuf, String)>,
}

impl SiteSettings {
    pub(super) fn read(layout: Layout, root: &Path) -> Self {
        let languages: &[&str] = match layout {
            Layout::Hugo => &["languagecode", "locale", "defaultcontentlanguage"],
            Layout::Zola => &["defaultlanguage"],
            _ => &["lang", "locale", "language"],
        };
        let mut settings = Self::default();
        for (path, text) in config::texts(layout, root) {
            let Some(value) = config::value(&path, &text) else {
                continue;
            };
            let first = |names: &[&str]| {
                let mut texts = names.iter().filter_map(|name| field(&value, name)?.as_str());
                texts
                    .find(|text| !text.is_empty())
                    .map(|text| (path.clone(), text.to_owned()))
            };
            settings.title = settings.title.or_else(|| first(&["title"]));
            settings.language = settings.language.or_else(|| first(languages));
        }
        settings
    }
}

impl ContentFolder {
    /// Returns notes about the title and the language of the blog that differ from the generator's configuration.
    /// `title` is that of the blog, or `None` if its owner has set it. A language other than the default was set.
    #[must_use]
    pub fn check_settings(&self, title: Option<&str>) -> Vec<Finding> {
        let own = &self.options().language;
        let own_tag = own.to_string();
        let language = (*own == Language::default()).then_some(&*own_tag);
        let site = &self.roots.config.site;
        let titles = title.zip(site.title.as_ref()).filter(|(own, (_, other))| own != other);
        // `en-us` is a kind of `en`.
        let is_same = |own: &str, other: &str| {
            let primary = other.split(['-', '_']).next().unwrap_or_default();
            primary.eq_ignore_ascii_case(own)
        };
        let languages = language.zip(site.language.as_ref());
        let languages = languages.filter(|(own, (_, other))| !is_same(own, other));
        let title = titles.map(|found| ("title", "HORIZON_TITLE", found));
        let language = languages.map(|found| ("language", "HORIZON_LANGUAGE", found));
        let notes = [title, language]
            .into_iter()
            .flatten()
            .map(|(what, variable, (own, (path, other)))| {
                let file = path.file_name().unwrap_or_default().display();
                let message = format!("the blog's {what} is {own}, {file} says {other}: set {variable}");
                Finding::new(CheckRule::Setting, path, None, message)
            });
        notes.collect()
    }
}
