//! What a reader did.

use std::{collections::BTreeMap, time::Duration};

use fastrand::Rng;
use horizon_core::{Day, Slug, Timestamp, VisitContext, VisitorKey};

/// How far apart two sessions of a reader are at least. A shorter gap than 30 minutes would make them one.
const RETURN_GAP: Duration = Duration::from_secs(3_600);

/// The share of sessions whose reader was there before on the same day, in percent.
const RETURNING_PERCENT: u32 = 5;

/// The pages that one reader opened, one after the other, without a gap of 30 minutes.
#[derive(Clone, Debug)]
pub struct SeededSession {
    /// `None` for a reader who sends a privacy signal.
    pub visitor: Option<VisitorKey>,
    /// Where the reader came from, and with which browser.
    pub context: VisitContext,
    /// The opened pages in order; at least one, and none twice.
    pub pages: Vec<PageView>,
}

/// A page that was opened.
#[derive(Clone, Debug)]
pub struct PageView {
    /// The page.
    pub slug: Slug,
    /// When it was opened.
    pub at: Timestamp,
    /// How long it was visible.
    pub seconds: u32,
    /// Whether the end of the page was on screen.
    pub finished: bool,
    /// What the reader did on it.
    pub actions: Vec<Action>,
}

/// What a reader does on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A like.
    Like,
    /// A comment: the author and the text.
    Comment(&'static str, &'static str),
    /// A custom event with this name.
    Custom(&'static str),
}

impl SeededSession {
    /// Returns when it starts.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.pages.first().map_or_else(Timestamp::default, |page| page.at)
    }

    /// Returns when the last page was closed.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.pages.last().map_or_else(Timestamp::default, PageView::end)
    }

    /// Returns the first page.
    #[must_use]
    pub fn entry(&self) -> Option<&Slug> {
        self.pages.first().map(|page| &page.slug)
    }

    /// Returns whether it has one pageview at most and no action.
    #[must_use]
    pub fn is_bounce(&self) -> bool {
        self.pages.len() <= 1 && self.pages.iter().all(|page| page.actions.is_empty())
    }
}

impl PageView {
    /// Returns when the page was closed.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.at.plus(Duration::from_secs(self.seconds.into()))
    }
}

/// Gives some sessions the visitor of an earlier session of the same day.
pub(super) fn let_some_return(sessions: &mut [SeededSession], rng: &mut Rng) {
    let mut of_day: BTreeMap<Day, Vec<(VisitorKey, Timestamp)>> = BTreeMap::new();
    for session in sessions {
        let (start, end) = (session.start(), session.end());
        let earlier = of_day.entry(start.day()).or_default();
        let Some(visitor) = &mut session.visitor else {
            continue;
        };
        let returns = rng.u32(..100) < RETURNING_PERCENT;
        let gone = earlier.iter_mut().filter(|(_, last)| last.plus(RETURN_GAP) < start);
        match gone.last().filter(|_| returns) {
            Some((known, last)) => (*visitor, *last) = (*known, end),
            None => earlier.push((*visitor, end)),
        }
    }
}
