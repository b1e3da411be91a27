//! The language of a page.

use horizon_posts::Language;
use horizon_texts::{Texts, is_right_to_left};

use crate::{Site, View};

/// The language of the content of a page, and that of the interface around it.
#[derive(Clone, Debug)]
pub(crate) struct PageLanguage {
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
                content: site.language.clone(),
                texts: site.texts.clone(),
            };
        };
        let is_of_site = primary(&language) == primary(site.texts.tag());
        // The blog's territory decides the formats of its own language.
        let texts = if is_of_site { None } else { Texts::for_language(&language) };
        Self {
            texts: texts.unwrap_or_else(|| site.texts.clone()),
            content: language,
        }
    }

    /// Returns the language and the direction of the interface if its language is not that of the content.
    pub(crate) fn interface(&self) -> Option<(String, &'static str)> {
        let differs = primary(&self.content) != primary(self.texts.tag());
        differs.then(|| (self.texts.tag().to_owned(), self.texts.direction()))
    }
}

/// Returns the direction of a language, for the attribute `dir`.
pub(crate) fn direction(tag: &str) -> &'static str {
    if is_right_to_left(tag) { "rtl" } else { "ltr" }
}

/// Returns the attributes `lang` and `dir` of the title of a document on a page in another language.
pub(crate) fn foreign(language: Option<&Language>, page: &str) -> Option<(String, &'static str)> {
    let tag = language?.to_string();
    let direction = direction(&tag);
    (tag != page).then_some((tag, direction))
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}
