use std::borrow::Cow;

use horizon_core::{Day, Slug};

/// What the dashboard shows of a page besides its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageDescription {
    /// The title.
    pub title: Cow<'static, str>,
    /// The URL path of the page, if it is not the slug after a slash.
    pub path: Option<Cow<'static, str>>,
    /// The day on which it was published.
    pub published: Option<Day>,
}

impl PageDescription {
    /// Returns the description of a page with this title.
    #[must_use]
    pub fn new(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title: title.into(),
            path: None,
            published: None,
        }
    }

    /// Sets the URL path.
    #[must_use]
    pub fn path(self, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Some(path.into()),
            ..self
        }
    }

    /// Sets the day on which the page was published.
    #[must_use]
    pub fn published(self, day: impl Into<Option<Day>>) -> Self {
        Self {
            published: day.into(),
            ..self
        }
    }
}

/// Describes the pages of the site for the dashboard, from memory.
pub(crate) type PageDescriptions = Box<dyn Fn(&Slug) -> Option<PageDescription> + Send + Sync>;
