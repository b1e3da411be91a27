use std::sync::Arc;

use crate::{Date, MarkdownPage, Post, parse::ParsedDocument};

/// A post or page that is not public, for its author. Its `draft` is set.
#[derive(Clone, Debug)]
pub enum Preview {
    /// A post, and when it becomes public.
    Post(Arc<Post>, Option<Date>),
    /// A page, and when it becomes public.
    Page(Arc<MarkdownPage>, Option<Date>),
}

impl Preview {
    pub(crate) fn new(document: ParsedDocument, due: Option<Date>) -> Self {
        match document {
            ParsedDocument::Post(post) => Self::Post(post, due),
            ParsedDocument::Page(page) => Self::Page(page, due),
        }
    }

    /// Returns the title, as plain text.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Post(post, _) => &post.title,
            Self::Page(page, _) => &page.title,
        }
    }

    /// Returns the path of its URL, percent-encoded.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Post(post, _) => post.url(),
            Self::Page(page, _) => page.url(),
        }
    }

    /// Returns the date of publication that the author states.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Post(post, _) => Some(post.date),
            Self::Page(page, _) => page.date,
        }
    }

    /// Returns when it becomes public. `None` if it stays hidden.
    #[must_use]
    pub fn due(&self) -> Option<Date> {
        match self {
            Self::Post(_, due) | Self::Page(_, due) => *due,
        }
    }
}
