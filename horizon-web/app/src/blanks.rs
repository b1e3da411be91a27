//! The blanks of a page: what each answer says anew, while the rest of the page is rendered once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use horizon_core::{EventId, wire::PageStats};

use crate::text;

/// What stands in the place of a number that is not known.
const UNKNOWN: &str = "\u{2013}";

/// A number that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Who reads the page now.
    Viewers,
    /// Its visits.
    Visits,
    /// Its likes.
    Likes,
    /// Its comments.
    Comments,
    /// Who is on the site now.
    SiteViewers,
    /// The visits of the site.
    SiteVisits,
}

/// What belongs into a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// The number as readers see it: `1,204`.
    Grouped(Count),
    /// The number as machines read it, in JSON: `1204`, or `null` if it is not known.
    Plain(Count),
    /// The word beside the number: the first of the two if it is one.
    Word(Count, &'static str, &'static str),
    /// Whether this reader likes the page.
    LikeOutcome,
    /// The opposite: what the like form asks for.
    NotLiked,
    /// A fresh id for the like form.
    LikeId,
    /// A fresh id for the comment form.
    CommentId,
}

/// What one answer puts into the blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values {
    /// The numbers of the page, as far as they are known.
    pub numbers: Option<PageStats>,
    /// The numbers of the whole site, as far as they are known.
    pub totals: Option<PageStats>,
    /// Whether this reader likes the page.
    pub liked: bool,
    /// An id for the like form that nobody has yet.
    pub like_id: EventId,
    /// An id for the comment form that nobody has yet.
    pub comment_id: EventId,
}

impl Values {
    /// The values of a page that is no post: only the site's numbers move on it.
    #[must_use]
    pub fn of_site(totals: Option<PageStats>) -> Self {
        Self {
            numbers: None,
            totals,
            liked: false,
            like_id: EventId::from_u128(0),
            comment_id: EventId::from_u128(0),
        }
    }

    fn count(&self, count: Count) -> Option<u64> {
        let of_page = |pick: fn(PageStats) -> u64| self.numbers.map(pick);
        let of_site = |pick: fn(PageStats) -> u64| self.totals.map(pick);
        match count {
            Count::Viewers => of_page(|numbers| numbers.viewers),
            Count::Visits => of_page(|numbers| numbers.visits),
            Count::Likes => of_page(|numbers| numbers.likes),
            Count::Comments => of_page(|numbers| numbers.comments),
            Count::SiteViewers => of_site(|numbers| numbers.viewers),
            Count::SiteVisits => of_site(|numbers| numbers.visits),
        }
    }
}

impl Blank {
    /// What stands in it, in HTML as it is.
    #[must_use]
    pub fn fill(self, values: &Values) -> String {
        match self {
            Self::Grouped(count) => grouped(values.count(count)),
            Self::Plain(count) => values
                .count(count)
                .map_or_else(|| "null".into(), |count| count.to_string()),
            Self::Word(count, one, many) => word(values.count(count), one, many).into(),
            Self::LikeOutcome => values.liked.to_string(),
            Self::NotLiked => (!values.liked).to_string(),
            Self::LikeId => values.like_id.to_string(),
            Self::CommentId => values.comment_id.to_string(),
        }
    }
}

/// The number as readers see it, a dash if it is not known: a zero would be a wrong number.
fn grouped(number: Option<u64>) -> String {
    number.map_or_else(|| UNKNOWN.into(), text::grouped)
}

/// The word beside a number: `one` if it is one.
fn word(number: Option<u64>, one: &'static str, many: &'static str) -> &'static str {
    if number == Some(1) { one } else { many }
}

/// A part of a page, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// HTML, the same in every answer.
    Text(String),
    /// What each answer fills in.
    Blank(Blank),
}

/// Marks the blanks while a page is rendered, and finds them again.
///
/// A mark is a number between two keys. Nobody can write one into a post or a comment, because the
/// key is in no answer.
pub(crate) struct Marks {
    key: String,
    blanks: Mutex<Vec<Blank>>,
}

impl Marks {
    /// `key` is used for nothing else, and nobody knows it.
    pub(crate) fn new(key: u128) -> Self {
        Self {
            key: format!("{key:032x}"),
            blanks: Mutex::default(),
        }
    }

    /// The text that stands for a blank: letters and digits, which no HTML escapes.
    pub(crate) fn mark(&self, blank: Blank) -> String {
        let mut blanks = self.blanks();
        blanks.push(blank);
        format!("{key}{}{key}", blanks.len() - 1, key = self.key)
    }

    /// JSON whose marks stood in strings, as numbers.
    pub(crate) fn as_numbers(&self, json: &str) -> String {
        let key = &self.key;
        json.replace(&format!("\"{key}"), key).replace(&format!("{key}\""), key)
    }

    /// The page in pieces.
    pub(crate) fn pieces(&self, html: &str) -> Vec<Piece> {
        let blanks = self.blanks();
        // What stands between two marks is text, what stands between two keys of one is its number.
        let piece = |(place, part): (usize, &str)| {
            if place % 2 == 0 {
                return Some(Piece::Text(part.to_owned()));
            }
            let blank: usize = part.parse().ok()?;
            blanks.get(blank).copied().map(Piece::Blank)
        };
        html.split(&self.key).enumerate().filter_map(piece).collect()
    }

    fn blanks(&self) -> MutexGuard<'_, Vec<Blank>> {
        self.blanks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number with its word, known or blank.
pub(crate) struct Figure {
    pub(crate) number: String,
    pub(crate) word: String,
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

impl Figure {
    /// The number of this answer, if it is known.
    pub(crate) fn of(number: Option<u64>, one: &'static str, many: &'static str) -> Self {
        Self {
            number: grouped(number),
            word: word(number, one, many).into(),
            one,
            many,
        }
    }

    pub(crate) fn blank(marks: &Marks, count: Count, one: &'static str, many: &'static str) -> Self {
        let word = if one == many {
            one.into()
        } else {
            marks.mark(Blank::Word(count, one, many))
        };
        Self {
            number: marks.mark(Blank::Grouped(count)),
            word,
            one,
            many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blanks_stand_where_they_were_marked() {
        let marks = Marks::new(7);
        let (visits, liked) = (
            marks.mark(Blank::Grouped(Count::Visits)),
            marks.mark(Blank::LikeOutcome),
        );
        let pieces = marks.pieces(&format!("<b>{visits}</b>{liked}"));
        let text = |text: &str| Piece::Text(text.into());
        let expected = [
            text("<b>"),
            Piece::Blank(Blank::Grouped(Count::Visits)),
            text("</b>"),
            Piece::Blank(Blank::LikeOutcome),
            text(""),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_number_that_is_not_known_is_no_zero() {
        let values = Values::of_site(None);
        let fill = |blank: Blank| blank.fill(&values);
        assert_eq!(fill(Blank::Grouped(Count::SiteVisits)), "\u{2013}");
        assert_eq!(fill(Blank::Word(Count::SiteVisits, "visit", "visits")), "visits");
        assert_eq!(fill(Blank::Plain(Count::Likes)), "null");
    }

    #[test]
    fn a_mark_in_json_is_a_number() {
        let marks = Marks::new(7);
        let likes = marks.mark(Blank::Plain(Count::Likes));
        let json = serde_json::json!({ "likes": likes, "name": "Ada" }).to_string();
        assert_eq!(marks.as_numbers(&json), format!(r#"{{"likes":{likes},"name":"Ada"}}"#));
    }
}
