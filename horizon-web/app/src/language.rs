//! The language of a page.

use horizon_posts::Language;
use horizon_texts::{Texts, is_right_to_left};

use crate::{Site, View};

/// The language of the content of a page, and that of the interface around it.
#[derive(Clone, Debug)]
pub(crate) struct PageLanguage {
    /// The language tag of the blog.
    site: String,
    /// The language tag of the content.
    pub(crate) content: String,
    /// The interface texts: those of the content's language, or else those of the blog.
    pub(crate) texts: Texts,
}

impl PageLanguage {
    pub(crate) fn new(site: &Site, view: &View) -> Self {
        let language = match view {
            View::Post(page) => page.post.language.as_ref(),
            View::Page(page) => page.language.as_ref(),
            _ => None,
        };
        Self::of_document(site, language)
    }

    fn of_document(site: &Site, language: Option<&Language>) -> Self {
        let Some(language) = language.map(ToString::to_string) else {
            return Self {
                site: site.language.clone(),
                content: site.language.clone(),
                texts: site.texts.clone(),
            };
        };
        let is_of_site = primary(&language) == primary(site.texts.tag());
        // The blog's territory decides the formats of its own language.
        let texts = if is_of_site {
            None
        } else {
            Texts::for_language(&language)
        };
        Self {
            texts: texts.unwrap_or_else(|| site.texts.clone()),
            site: site.language.clone(),
            content: language,
        }
    }

    /// Returns the attributes `lang` and `dir` for text in the language of a document, or of the blog, if that differs
    /// from the language of the interface.
    pub(crate) fn attributes(&self, language: Option<&Language>) -> (Option<String>, Option<&'static str>) {
        let tag = language.map_or_else(|| self.site.clone(), ToString::to_string);
        let direction = direction(&tag);
        (tag != self.texts.tag()).then_some((tag, direction)).unzip()
    }

    /// Returns the language and the direction of the interface if its language is not that of the content.
    pub(crate) fn interface(&self) -> Option<(String, &'static str)> {
        (self.content != self.texts.tag()).then(|| (self.texts.tag().to_owned(), self.texts.direction()))
    }
}

/// Returns the direction of a language, for the attribute `dir`.
pub(crate) fn direction(tag: &str) -> &'static str {
    if is_right_to_left(tag) { "rtl" } else { "ltr" }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}
