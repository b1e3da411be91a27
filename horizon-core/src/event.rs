use serde::{Deserialize, Serialize};

use crate::{
    DEDUPE_WINDOW, Draft, EventId, EventName, MAX_CLOCK_SKEW, Properties, ReaderId, Stamp, Timestamp, Topic,
    Visibility, Visit, VisitorKey,
};

/// Something that happened on a topic.
///
/// ```
/// use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, Timestamp};
///
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let reader = ReaderId::from_u128(1);
/// let event = Event::new(stamp, Slug::new("hello")?.into(), EventKind::Like { reader });
/// let json = serde_json::to_string(&event)?;
/// assert!(json.contains(r#""topic":"blog:hello","type":"like""#));
/// assert_eq!(serde_json::from_str::<Event>(&json)?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Identifies the event. A retry has the same id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Where it happened.
    pub topic: Topic,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The kinds of events, each with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// Someone has the page open at this moment.
    Visit(Visit),
    /// A reader likes the page. Likes are a set: a second like of the same reader changes nothing. The latest like or
    /// unlike of a reader by [`Stamp`] wins, in any order of arrival.
    Like {
        /// The owner of the like.
        reader: ReaderId,
    },
    /// A reader removes their like.
    Unlike {
        /// The owner of the like.
        reader: ReaderId,
    },
    /// A reader comments. The comment's id is the event's id.
    Comment {
        /// The owner of the comment.
        reader: ReaderId,
        /// The text.
        #[serde(flatten)]
        draft: Draft,
        /// Whether the comment is hidden until a moderator shows it.
        #[serde(rename = "held", default)]
        pending: bool,
    },
    /// A moderator shows or removes a comment of this page. The latest verdict by [`Stamp`] wins, in any order of
    /// arrival.
    Moderate {
        /// The comment.
        comment: EventId,
        /// The comment's new visibility.
        verdict: Visibility,
    },
    /// Something that the application names. The totals of the topic have its count.
    Custom {
        /// The name.
        name: EventName,
        /// What the application says about it. Stores do not keep it yet.
        #[serde(default, skip_serializing_if = "Properties::is_empty")]
        properties: Properties,
    },
}

impl EventKind {
    /// Returns the visit of a visitor, if known.
    #[must_use]
    pub fn visit(visitor: Option<VisitorKey>) -> Self {
        Self::Visit(Visit::of(visitor))
    }
}

/// The reason why [`process_batch`](crate::process_batch) does not count an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The event's time is more than [`MAX_CLOCK_SKEW`] in the future.
    #[error("the event's time is more than an hour in the future")]
    FromTheFuture,
    /// The event's time is more than [`DEDUPE_WINDOW`] ago.
    #[error("the event is older than 30 days, so a repeat would not be recognised")]
    TooOld,
}

impl Event {
    /// Returns an event with the id and time of `stamp`.
    #[must_use]
    pub fn new(stamp: Stamp, topic: Topic, kind: EventKind) -> Self {
        Self {
            id: stamp.id,
            at: stamp.at,
            topic,
            kind,
        }
    }

    /// Returns the event's id and time.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            at: self.at,
            id: self.id,
        }
    }

    /// Checks that the event can be counted exactly at `now`.
    ///
    /// # Errors
    /// Returns a [`RejectReason`] if the event is too old or too far in the future.
    pub fn check_time(&self, now: Timestamp) -> Result<(), RejectReason> {
        if self.at > now.plus(MAX_CLOCK_SKEW) {
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
            EventKind::visit(None),
        )
    }

    #[test]
    fn an_event_outside_the_window_is_rejected_with_a_reason() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let milli = std::time::Duration::from_millis(1);
        for (at, verdict) in [
            (now, Ok(())),
            (now.plus(MAX_CLOCK_SKEW), Ok(())),
            (now.plus(MAX_CLOCK_SKEW + milli), Err(RejectReason::FromTheFuture)),
            (now.minus(DEDUPE_WINDOW), Ok(())),
            (now.minus(DEDUPE_WINDOW + milli), Err(RejectReason::TooOld)),
        ] {
            assert_eq!(visit(at).check_time(now), verdict, "{at:?}");
        }
    }

    #[test]
    fn an_event_round_trips_as_flat_json() {
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
