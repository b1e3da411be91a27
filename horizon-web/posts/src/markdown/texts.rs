//! The interface texts in rendered Markdown.

/// The interface texts in rendered Markdown, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkdownTexts {
    /// The name of the link of a heading to itself; the heading follows.
    pub(crate) section_link: &'static str,
    /// The name of a table that is wider than the page; its number follows.
    pub(crate) table: &'static str,
    /// A checked task.
    pub(crate) done: &'static str,
    /// A task that is not checked.
    pub(crate) open: &'static str,
    /// The title of a part that opens on demand, if the author gives none.
    pub(crate) details: &'static str,
}

impl MarkdownTexts {
    pub(crate) const ENGLISH: Self = Self {
        section_link: "Link to this section",
        table: "Table",
        done: "Done",
        open: "Open",
        details: "Details",
    };
}
