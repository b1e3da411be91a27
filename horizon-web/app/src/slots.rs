//! The slots of a page: the values that differ between responses. The rest of the page is rendered once.

use horizon_core::{EventId, wire::PageStats};
use horizon_texts::{TextUnit, Texts, UnitForms};
use parking_lot::Mutex;

use crate::text;

/// Shown instead of an unknown number.
const UNKNOWN: &str = "\u{2013}";

/// A number of the page or of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// The viewers of the page.
    Viewers,
    /// The visits of the page.
    Visits,
    /// The likes of the page.
    Likes,
    /// The comments of the page.
    Comments,
    /// The viewers of the site.
    SiteViewers,
    /// The visits of the site.
    SiteVisits,
}

/// A value that differs between responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The number for readers: `1,204`.
    Number(Count),
    /// The number as JSON: `1204`, or `null` if it is unknown.
    Json(Count),
    /// The unit of the number, in the plural form of the number.
    Unit(Count, TextUnit),
    /// The class of an item with a number of viewers.
    NowClass(Count),
    /// Whether this reader likes the page.
    Liked,
    /// The opposite: the value of the like form.
    NotLiked,
    /// A new id for the like form.
    LikeId,
    /// A new id for the comment form.
    CommentId,
}

/// The values of one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotValues {
    /// The numbers of the page, if they are known.
    pub page: Option<PageStats>,
    /// The numbers of the site, if they are known.
    pub site: Option<PageStats>,
    /// Whether this reader likes the page.
    pub liked: bool,
    /// An unused id for the like form.
    pub like_id: EventId,
    /// An unused id for the comment form.
    pub comment_id: EventId,
}

impl SlotValues {
    /// The values of a page that is not a post: only the numbers of the site.
    #[must_use]
    pub fn for_site(site: Option<PageStats>) -> Self {
        Self {
            page: None,
            site,
            liked: false,
            like_id: EventId::from_u128(0),
            comment_id: EventId::from_u128(0),
        }
    }

    fn count(&self, count: Count) -> Option<u64> {
        match count {
            Count::Viewers => self.page.as_ref().map(|stats| stats.viewers),
            Count::Visits => self.page.as_ref().map(|stats| stats.visits),
            Count::Likes => self.page.as_ref().map(|stats| stats.likes),
            Count::Comments => self.page.as_ref().map(|stats| stats.comments),
            Count::SiteViewers => self.site.as_ref().map(|stats| stats.viewers),
            Count::SiteVisits => self.site.as_ref().map(|stats| stats.visits),
        }
    }
}

impl Slot {
    /// Returns the content of the slot as HTML, with the texts of the page.
    #[must_use]
    pub fn fill(self, values: &SlotValues, texts: &Texts) -> String {
        match self {
            Self::Number(count) => number(texts, values.count(count)),
            Self::Json(count) => values
                .count(count)
                .map_or_else(|| "null".into(), |count| count.to_string()),
            Self::Unit(count, unit) => texts.unit(unit, values.count(count)).to_owned(),
            Self::NowClass(count) => text::now_class(values.count(count)).into(),
            Self::Liked => values.liked.to_string(),
            Self::NotLiked => (!values.liked).to_string(),
            Self::LikeId => values.like_id.to_string(),
            Self::CommentId => values.comment_id.to_string(),
        }
    }
}

fn number(texts: &Texts, number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.into(), |number| texts.number(number))
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// HTML that is the same in all responses.
    Text(String),
    /// A value that differs between responses.
    Slot(Slot),
}

/// Marks the slots while a page is rendered, and splits the page at the markers.
///
/// A marker is an index between two copies of a secret key. Posts and comments cannot contain one, because no response
/// contains the key.
pub(crate) struct SlotMarkers {
    key: String,
    slots: Mutex<Vec<Slot>>,
}

impl SlotMarkers {
    /// `key` must be secret and used for nothing else.
    pub(crate) fn new(key: u128) -> Self {
        Self {
            key: format!("{key:032x}"),
            slots: Mutex::default(),
        }
    }

    /// Returns the marker of a slot: letters and digits, which need no escaping.
    pub(crate) fn marker(&self, slot: Slot) -> String {
        let mut slots = self.slots.lock();
        slots.push(slot);
        format!("{key}{}{key}", slots.len() - 1, key = self.key)
    }

    /// Removes the quotes around markers in JSON, so that their values are numbers.
    pub(crate) fn unquote(&self, json: &str) -> String {
        let key = &self.key;
        json.replace(&format!("\"{key}"), key).replace(&format!("{key}\""), key)
    }

    /// Splits the page at the markers.
    pub(crate) fn split(&self, html: &str) -> Vec<TemplatePart> {
        let slots = self.slots.lock();
        // Every second part is the index of a slot.
        let part = |(position, part): (usize, &str)| {
            if position % 2 == 0 {
                return Some(TemplatePart::Text(part.to_owned()));
            }
            let index: usize = part.parse().ok()?;
            slots.get(index).copied().map(TemplatePart::Slot)
        };
        html.split(&self.key).enumerate().filter_map(part).collect()
    }
}

/// A number with its unit, or the markers of both.
pub(crate) struct CountLabel {
    pub(crate) number: String,
    pub(crate) unit: String,
    /// All forms of the unit, for the browser.
    pub(crate) forms: UnitForms,
}

impl CountLabel {
    pub(crate) fn new(texts: &Texts, count: Option<u64>, unit: TextUnit) -> Self {
        Self {
            number: number(texts, count),
            unit: texts.unit(unit, count).to_owned(),
            forms: texts.unit_forms(unit).clone(),
        }
    }

    pub(crate) fn slot(texts: &Texts, markers: &SlotMarkers, count: Count, unit: TextUnit) -> Self {
        let forms = texts.unit_forms(unit).clone();
        Self {
            number: markers.marker(Slot::Number(count)),
            unit: if forms.is_constant() {
                forms.other().to_owned()
            } else {
                markers.marker(Slot::Unit(count, unit))
            },
            forms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_split_at_its_slots() {
        let markers = SlotMarkers::new(7);
        let (visits, liked) = (markers.marker(Slot::Number(Count::Visits)), markers.marker(Slot::Liked));
        let parts = markers.split(&format!("<b>{visits}</b>{liked}"));
        let text = |text: &str| TemplatePart::Text(text.into());
        let expected = [
            text("<b>"),
            TemplatePart::Slot(Slot::Number(Count::Visits)),
            text("</b>"),
            TemplatePart::Slot(Slot::Liked),
            text(""),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn an_unknown_number_is_not_zero() {
        let values = SlotValues::for_site(None);
        let texts = Texts::default();
        let fill = |slot: Slot| slot.fill(&values, &texts);
        assert_eq!(fill(Slot::Number(Count::SiteVisits)), "\u{2013}");
        assert_eq!(fill(Slot::Unit(Count::SiteVisits, TextUnit::Visits)), "visits");
        assert_eq!(fill(Slot::Json(Count::Likes)), "null");
        assert_eq!(fill(Slot::NowClass(Count::SiteViewers)), "now no-viewers");
    }

    #[test]
    fn a_marker_in_json_is_a_number() {
        let markers = SlotMarkers::new(7);
        let likes = markers.marker(Slot::Json(Count::Likes));
        let json = serde_json::json!({ "likes": likes, "name": "Ada" }).to_string();
        assert_eq!(markers.unquote(&json), format!(r#"{{"likes":{likes},"name":"Ada"}}"#));
    }
}
