use serde::{Deserialize, Serialize};

use crate::{CLOCK_SKEW, DEDUPE_WINDOW, Draft, EventId, ReaderId, Stamp, Timestamp, Topic, Visibility, VisitorKey};

/// Something that happened on a page, once.
///
/// ```
/// use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, Timestamp};
///
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let reader = ReaderId::from_u128(1);
/// let event = Event::new(stamp, Slug::new("hello")?.into(), EventKind::Like { reader });
/// let json = serde_json::to_string(&event)?; // as it goes over the wire
/// assert!(json.contains(r#""topic":"blog:hello","type":"like""#));
/// assert_eq!(serde_json::from_str::<Event>(&json)?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Names this event for good; a retry carries the same id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Where it happened.
    pub topic: Topic,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What can happen on a page.
///
/// ```
/// use horizon_core::{EventKind, ReaderId};
///
/// let like = EventKind::Like { reader: ReaderId::from_u128(7) };
/// let json = serde_json::json!({ "type": "like", "reader": "00000000000000000000000000000007" });
/// assert_eq!(serde_json::to_value(like)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A visitor has the page open at this moment.
    ///
    /// Told when a live connection opens, every few minutes while it lasts, and when it ends. It
    /// counts as a visit if the visitor had not been seen on the page for [`VISIT_GAP`](crate::VISIT_GAP).
    /// Without a visitor every event is a visit.
    Visit {
        /// Who, as far as counting people goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visitor: Option<VisitorKey>,
    },
    /// A reader likes the page. Likes are a set: liking twice is liking once. Of a reader's likes and
    /// unlikes the latest by [`Stamp`] holds, in whatever order they come.
    Like {
        /// Who owns the like.
        reader: ReaderId,
    },
    /// A reader takes the like back.
    Unlike {
        /// Who owned the like.
        reader: ReaderId,
    },
    /// A reader comments. The comment is known by the event's id.
    Comment {
        /// Who owns the comment.
        reader: ReaderId,
        /// What it says.
        #[serde(flatten)]
        draft: Draft,
        /// Whether it waits for moderation before it shows.
        #[serde(rename = "held", default)]
        pending: bool,
    },
    /// The author shows or removes a comment of this page. The latest verdict by [`Stamp`] holds, in
    /// whatever order they come.
    Moderate {
        /// Which comment.
        comment: EventId,
        /// What it shall be.
        verdict: Visibility,
    },
}

/// Why [`process_batch`](crate::step) does not count an event.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::{Event, EventKind, RejectReason, Stamp, Timestamp, Topic};
///
/// let now = Timestamp::from_millis(1_800_000_000_000);
/// let born = Stamp::new(now.minus(Duration::from_secs(31 * 24 * 3600)), [1; 10]);
/// let old = Event::new(born, Topic::Site, EventKind::Visit { visitor: None });
/// assert_eq!(old.check_time(now), Err(RejectReason::TooOld));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// Its time is more than [`CLOCK_SKEW`] ahead.
    #[error("the event's time lies more than an hour in the future")]
    FromTheFuture,
    /// Its time is more than [`DEDUPE_WINDOW`] ago.
    #[error("the event is older than the 30 days in which a repeat would be noticed")]
    TooOld,
}

impl Event {
    /// An event with this stamp.
    ///
    /// ```
    /// use horizon_core::{Event, EventKind, Stamp, Timestamp, Topic};
    ///
    /// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
    /// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
    /// assert_eq!(visit.stamp(), stamp);
    /// ```
    #[must_use]
    pub fn new(stamp: Stamp, topic: Topic, kind: EventKind) -> Self {
        Self {
            id: stamp.id,
            at: stamp.at,
            topic,
            kind,
        }
    }

    /// When and as what it was born.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            at: self.at,
            id: self.id,
        }
    }

    /// Whether the event's time is one that can be counted exactly, seen from `now`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use horizon_core::{Event, EventKind, RejectReason, Stamp, Timestamp, Topic};
    ///
    /// let now = Timestamp::from_millis(1_800_000_000_000);
    /// let stamp = Stamp::new(now, [1; 10]);
    /// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
    /// assert_eq!(visit.check_time(now), Ok(()));
    /// assert_eq!(visit.check_time(now.minus(Duration::from_secs(7200))), Err(RejectReason::FromTheFuture));
    /// ```
    ///
    /// # Errors
    /// The [`RejectReason`] says why not.
    pub fn check_time(&self, now: Timestamp) -> Result<(), RejectReason> {
        if self.at > now.plus(CLOCK_SKEW) {
            return Err(RejectReason::FromTheFuture);
        }
        if self.at < now.minus(DEDUPE_WINDOW) {
            return Err(RejectReason::TooOld);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Slug;

    fn visit(at: Timestamp) -> Event {
        Event::new(
            Stamp::new(at, [1; 10]),
            Slug::new("hello").unwrap().into(),
            EventKind::Visit { visitor: None },
        )
    }

    #[test]
    fn an_event_outside_the_window_is_refused_by_name() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let milli = std::time::Duration::from_millis(1);
        for (at, verdict) in [
            (now, Ok(())),
            (now.plus(CLOCK_SKEW), Ok(())),
            (now.plus(CLOCK_SKEW + milli), Err(RejectReason::FromTheFuture)),
            (now.minus(DEDUPE_WINDOW), Ok(())),
            (now.minus(DEDUPE_WINDOW + milli), Err(RejectReason::TooOld)),
        ] {
            assert_eq!(visit(at).check_time(now), verdict, "{at:?}");
        }
    }

    #[test]
    fn an_event_is_flat_json_that_reads_back() {
        let event = visit(Timestamp::from_millis(1000));
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(
            json,
            format!(
                r#"{{"id":"{}","at":1000,"topic":"blog:hello","type":"visit"}}"#,
                event.id
            )
        );
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        let comment = Event {
            kind: EventKind::Comment {
                reader: ReaderId::from_u128(7),
                draft: Draft::new("Ada", "Hello", None).unwrap(),
                pending: false,
            },
            ..event
        };
        let json = serde_json::to_string(&comment).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), comment);
    }
}
