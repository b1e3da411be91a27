//! The numbers of sessions, counted without a store.

use std::collections::BTreeMap;

use horizon_core::{ContextValue, Slug, VisitContext};

use super::{Action, PageView, SeededSession, distinct, ranking};

/// SeededSessions, and what a report about them says.
#[derive(Clone, Debug)]
pub struct SeededSessions<'a>(pub(super) Vec<&'a SeededSession>);

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub numerator: u64,
    /// The whole.
    pub denominator: u64,
}

impl<'a> SeededSessions<'a> {
    /// Returns those for which the condition holds.
    #[must_use]
    pub fn filter(&self, condition: impl Fn(&SeededSession) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|session| condition(session)).collect())
    }

    /// Returns those with a pageview of the page.
    #[must_use]
    pub fn with_page(&self, slug: &Slug) -> Self {
        self.filter(|session| session.pages.iter().any(|page| page.slug == *slug))
    }

    /// Returns the number of sessions.
    #[must_use]
    pub fn visits(&self) -> u64 {
        self.0.len() as u64
    }

    /// Returns the distinct visitors of each day, summed over the days.
    #[must_use]
    pub fn visitors(&self) -> u64 {
        distinct(self.keyed().filter_map(|session| session.visitor))
    }

    /// Returns the number of opened pages.
    #[must_use]
    pub fn pageviews(&self) -> u64 {
        self.pages().count() as u64
    }

    /// Returns the number of pageviews of a page. It is also the number of its page visits.
    #[must_use]
    pub fn pageviews_of(&self, slug: &Slug) -> u64 {
        self.pages().filter(|page| page.slug == *slug).count() as u64
    }

    /// Returns the number of actions for which the condition holds.
    #[must_use]
    pub fn actions(&self, condition: impl Fn(&Action) -> bool) -> u64 {
        let actions = self.pages().flat_map(|page| &page.actions);
        actions.filter(|action| condition(action)).count() as u64
    }

    /// Returns how often this was done on a page.
    #[must_use]
    pub fn actions_on(&self, slug: &Slug, action: &Action) -> u64 {
        let pages = self.pages().filter(|page| page.slug == *slug);
        pages
            .flat_map(|page| &page.actions)
            .filter(|done| *done == action)
            .count() as u64
    }

    /// Returns the share of sessions that are a bounce.
    #[must_use]
    pub fn bounce_rate(&self) -> Share {
        Share::of(self.keyed(), |session| session.is_bounce())
    }

    /// Returns the share of page visits in which the end of the page was on screen.
    #[must_use]
    pub fn finished_share(&self) -> Share {
        Share::of(self.keyed_pages(), |page| page.finished)
    }

    /// Returns the share of visits of a page in which its end was on screen.
    #[must_use]
    pub fn finished_share_of(&self, slug: &Slug) -> Share {
        Share::of(self.keyed_pages().filter(|page| page.slug == *slug), |page| {
            page.finished
        })
    }

    /// Returns the visitors by a value of the context; the most frequent first, then by value. Unknown values are
    /// empty.
    #[must_use]
    pub fn visitors_by(&self, value: impl Fn(&VisitContext) -> Option<&ContextValue>) -> Vec<(String, u64)> {
        let value = |session: &SeededSession| {
            let value = value(&session.context).map(ContextValue::as_str);
            Some(value.unwrap_or_default().to_owned())
        };
        self.group(value, Self::visitors)
    }

    /// Returns the visitors by entry page; the most frequent first.
    #[must_use]
    pub fn visitors_by_entry(&self) -> Vec<(Slug, u64)> {
        self.group(|session| session.entry().cloned(), Self::visitors)
    }

    /// Returns a number of the sessions of each group; the highest first.
    #[must_use]
    pub fn group<K: Ord>(
        &self,
        key: impl Fn(&SeededSession) -> Option<K>,
        number: impl Fn(&Self) -> u64,
    ) -> Vec<(K, u64)> {
        let mut groups: BTreeMap<K, Vec<&'a SeededSession>> = BTreeMap::new();
        for session in &self.0 {
            if let Some(key) = key(session) {
                groups.entry(key).or_default().push(session);
            }
        }
        let numbers = groups.into_iter().map(|(key, sessions)| (key, number(&Self(sessions))));
        ranking(numbers.collect())
    }

    /// Returns the sessions of readers with a visitor key.
    fn keyed(&self) -> impl Iterator<Item = &'a SeededSession> {
        self.0.iter().copied().filter(|session| session.visitor.is_some())
    }

    fn pages(&self) -> impl Iterator<Item = &'a PageView> {
        self.0.iter().flat_map(|session| &session.pages)
    }

    fn keyed_pages(&self) -> impl Iterator<Item = &'a PageView> {
        self.keyed().flat_map(|session| &session.pages)
    }
}

impl Share {
    fn of<T: Copy>(values: impl Iterator<Item = T>, condition: impl Fn(T) -> bool) -> Self {
        let mut share = Self {
            numerator: 0,
            denominator: 0,
        };
        for value in values {
            share.denominator += 1;
            share.numerator += u64::from(condition(value));
        }
        share
    }
}
