use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Dimension;
use crate::{Day, Slug, Timestamp};

/// Identifies a session: the day on which it starts, and a number on that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId {
    /// The day.
    pub day: Day,
    /// The number, from 0 in the order of arrival.
    pub number: u32,
}

/// What a store keeps of a session, without the visitor's key.
///
/// A store may keep it as bytes: it implements serde's traits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// The visitor's number on the day. `None` for a reader without a key.
    pub visitor: Option<u32>,
    /// The first event.
    pub start: Timestamp,
    /// The last event.
    pub last: Timestamp,
    /// The pageviews.
    pub pageviews: u32,
    /// The seconds that its pages were visible.
    pub seconds: u32,
    /// Whether the visitor liked, commented or sent a custom event.
    pub is_interactive: bool,
    /// The value of each of [`Dimension::OF_SESSIONS`]. Beyond the first [`MAX_VALUES`] of the day it is
    /// [`OTHER_VALUE`].
    ///
    /// [`MAX_VALUES`]: super::MAX_VALUES
    /// [`OTHER_VALUE`]: super::OTHER_VALUE
    pub values: [Arc<str>; Dimension::OF_SESSIONS.len()],
    /// The pages, ordered by their names.
    pub pages: Vec<PageRow>,
}

/// A page of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageRow {
    /// The page.
    pub page: Slug,
    /// When each page visit started, in order.
    pub starts: Vec<Timestamp>,
    /// The pageviews.
    pub pageviews: u32,
    /// The seconds that it was visible.
    pub seconds: u32,
    /// The page visits in which the end of the page was on screen.
    pub finished: u32,
}

impl SessionRow {
    /// Returns whether the session is one of a reader with a key, with at most one pageview and no interaction.
    #[must_use]
    pub const fn is_bounce(&self) -> bool {
        self.visitor.is_some() && self.pageviews <= 1 && !self.is_interactive
    }

    /// Returns the whole seconds from the first event to the last; 0 for a reader without a key.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.visitor.map_or(0, |_| self.last.since(self.start).as_secs())
    }
}
