//! The units of the numbers that browsers update.

use icu_plurals::PluralCategory;

use crate::message::category_name;

/// A unit that follows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextUnit {
    /// Viewers of a page.
    ReadingNow,
    /// Viewers of the site.
    OnSite,
    /// Visits of the site.
    Visits,
    /// Visits of a page.
    Views,
    /// Likes.
    Likes,
    /// Comments.
    Comments,
    /// Announced comments: with the number.
    NewComments,
}

impl TextUnit {
    pub(crate) const ALL: [Self; 7] = [
        Self::ReadingNow,
        Self::OnSite,
        Self::Visits,
        Self::Views,
        Self::Likes,
        Self::Comments,
        Self::NewComments,
    ];

    /// Returns the id of its text.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::ReadingNow => "unit-reading-now",
            Self::OnSite => "unit-on-site",
            Self::Visits => "unit-visits",
            Self::Views => "unit-views",
            Self::Likes => "unit-likes",
            Self::Comments => "unit-comments",
            Self::NewComments => "new-comments",
        }
    }
}

/// The plural forms of a unit. `#` stands for the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitForms {
    /// Without those that equal `other`.
    forms: Vec<(PluralCategory, String)>,
    other: String,
}

impl UnitForms {
    /// Builds the forms of these categories.
    pub(crate) fn new(
        categories: impl Iterator<Item = PluralCategory>,
        form: impl Fn(PluralCategory) -> String,
    ) -> Self {
        let other = form(PluralCategory::Other);
        let forms = categories.map(|category| (category, form(category)));
        Self {
            forms: forms.filter(|(_, text)| *text != other).collect(),
            other,
        }
    }

    pub(crate) fn select(&self, category: PluralCategory) -> &str {
        let form = self.forms.iter().find(|(of, _)| *of == category);
        form.map_or(&self.other, |(_, text)| text)
    }

    /// Returns whether all numbers have the same form.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.forms.is_empty()
    }

    /// Returns the form for numbers of no other category.
    #[must_use]
    pub fn other(&self) -> &str {
        &self.other
    }

    /// Returns the form of the category with this name in CLDR, such as `few`, if it differs from the
    /// [other](Self::other) form.
    #[must_use]
    pub fn form(&self, category: &str) -> Option<&str> {
        let form = self.forms.iter().find(|(of, _)| category_name(*of) == category);
        form.map(|(_, text)| text.as_str())
    }
}
