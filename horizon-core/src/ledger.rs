use std::collections::BTreeMap;

use crate::{
    Comment, Delta, Event, EventId, EventKind, ReaderId, Stamp, Timestamp, Topic, Update, VISIT_GAP, Visibility, Visit,
    VisitCause, VisitorKey,
};

/// The data that [`apply_events`] reads and writes to count events.
///
/// A store passes a ledger to [`apply_events`] inside one transaction and commits all of it or nothing. The methods are
/// synchronous because they run inside that transaction. `examples/write-an-adapter` implements one. A store whose
/// driver is async uses [`Facts`](crate::Facts) instead.
pub trait Ledger {
    /// The error of the store's driver.
    type Error;

    /// Stores the event's id. Returns whether it is new.
    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Self::Error>;

    /// Returns when the visitor was last seen on the topic. Stores `at` if it is later.
    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Self::Error>;

    /// Adds the reader to the set of those who like the topic, or removes them, unless a later like or unlike of this
    /// reader is stored. Returns whether the set changed.
    ///
    /// Stores an unlike even without a like, because an earlier like may still arrive.
    /// [`StatsStore::expire`](crate::StatsStore::expire) erases the unlike once no earlier like can arrive.
    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool, Self::Error>;

    /// Returns the comment with this id.
    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Self::Error>;

    /// Appends a comment with a new id.
    fn add_comment(&mut self, comment: &Comment) -> Result<(), Self::Error>;

    /// Sets the visibility of an existing comment, unless a later verdict is stored. Returns whether it was set.
    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool, Self::Error>;

    /// Adds `delta` to the topic's totals and increments its revision, unless `delta` is empty. Returns the totals.
    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Self::Error>;
}

/// Counts each event once. Stores without reports use it in their transaction; others use
/// [`apply_events_with_reports`](crate::reports::apply_events_with_reports).
///
/// With several accumulators, events of a crashed one arrive late. Likes and verdicts are therefore ordered by their
/// stamp, not by their arrival.
///
/// Returns the totals of every topic that `events` name, also if all events are repeats, so that a caller that lost the
/// first result still gets the totals. Writes the totals of each topic once.
///
/// ```
/// use horizon_core::{Event, Ledger, Update, apply_events};
///
/// /// The `apply` of a store, inside its transaction.
/// fn apply<L: Ledger>(transaction: &mut L, events: &[Event]) -> Result<Vec<Update>, L::Error> {
///     let updates = apply_events(transaction, events)?; // on an error: roll back
///     Ok(updates) // otherwise: commit, then return
/// }
/// ```
///
/// # Errors
/// Returns the errors of the ledger. The caller must then roll back.
pub fn apply_events<L: Ledger>(ledger: &mut L, events: &[Event]) -> Result<Vec<Update>, L::Error> {
    let mut deltas: BTreeMap<&Topic, Delta> = BTreeMap::new();
    for event in events {
        let delta = deltas.entry(&event.topic).or_default();
        if ledger.insert_event_id(event.id, event.at)? {
            *delta += apply_event(ledger, event)?;
        }
    }
    deltas
        .into_iter()
        .map(|(topic, delta)| ledger.add_delta(topic, delta))
        .collect()
}

fn apply_event<L: Ledger>(ledger: &mut L, event: &Event) -> Result<Delta, L::Error> {
    let delta_if = |changed, delta| if changed { delta } else { Delta::default() };
    match &event.kind {
        EventKind::Visit(visit @ Visit { visitor: None, .. }) => {
            Ok(delta_if(visit.cause() == VisitCause::Open, Delta::VISIT))
        }
        EventKind::Visit(Visit {
            visitor: Some(visitor), ..
        }) => {
            let last = ledger.touch_visitor(&event.topic, *visitor, event.at)?;
            let is_new = last.is_none_or(|last| is_new_visit(last, event.at));
            Ok(delta_if(is_new, Delta::VISIT))
        }
        EventKind::Like { reader } => {
            let changed = ledger.set_like(&event.topic, *reader, true, event.stamp())?;
            Ok(delta_if(changed, Delta::LIKE))
        }
        EventKind::Unlike { reader } => {
            let changed = ledger.set_like(&event.topic, *reader, false, event.stamp())?;
            Ok(delta_if(changed, Delta::UNLIKE))
        }
        EventKind::Comment { .. } => apply_comment(ledger, event),
        EventKind::Moderate { comment, verdict } => apply_verdict(ledger, event, *comment, *verdict),
        EventKind::Custom { name, .. } => Ok(Delta::custom(name.clone())),
    }
}

/// Events may arrive out of order, so the gap counts in both directions.
fn is_new_visit(last: Timestamp, at: Timestamp) -> bool {
    at.since(last).max(last.since(at)) > VISIT_GAP
}

pub(crate) fn apply_comment<L: Ledger>(ledger: &mut L, event: &Event) -> Result<Delta, L::Error> {
    let (Topic::Page(slug), EventKind::Comment { reader, draft, pending }) = (&event.topic, &event.kind) else {
        return Ok(Delta::default());
    };
    if ledger.comment(event.id)?.is_some() {
        return Ok(Delta::default());
    }
    let mut comment = Comment::from_draft(event.stamp(), slug.clone(), *reader, draft, *pending);
    if let Some(id) = draft.parent() {
        comment.parent = ledger
            .comment(id)?
            .filter(|parent| parent.slug == *slug && parent.parent.is_none())
            .map(|parent| parent.id);
    }
    ledger.add_comment(&comment)?;
    Ok(if *pending { Delta::default() } else { Delta::SHOW })
}

pub(crate) fn apply_verdict<L: Ledger>(
    ledger: &mut L,
    event: &Event,
    comment: EventId,
    verdict: Visibility,
) -> Result<Delta, L::Error> {
    let Some(comment) = ledger
        .comment(comment)?
        .filter(|comment| Some(&comment.slug) == event.topic.slug())
    else {
        return Ok(Delta::default());
    };
    if !ledger.set_visibility(comment.id, verdict, event.stamp())? || comment.visibility == verdict {
        return Ok(Delta::default());
    }
    Ok(match (comment.visibility, verdict) {
        (_, Visibility::Shown) => Delta::SHOW,
        (Visibility::Shown, _) => Delta::HIDE,
        (Visibility::Pending | Visibility::Removed, _) => Delta::default(),
    })
}
