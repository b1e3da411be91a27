use std::collections::BTreeMap;

use crate::{
    Comment, Delta, Event, EventId, EventKind, ReaderId, Stamp, Timestamp, Topic, Update, VISIT_GAP, Visibility,
    VisitorKey,
};

/// The facts behind the numbers, as a store keeps them: what [`apply_events`] reads and writes.
///
/// A store hands a ledger to [`apply_events`] inside one transaction and keeps all of it or nothing. The
/// calls are synchronous, because they happen inside that transaction.
///
/// One in memory, of which only what visits without a visitor need is shown:
///
/// ```
/// use std::collections::{HashMap, HashSet};
/// use horizon_core::{Delta, Event, EventId, EventKind, Ledger, Stamp, Timestamp, Topic, Update, apply_events};
/// # use horizon_core::{Comment, ReaderId, Visibility, VisitorKey};
///
/// #[derive(Default)]
/// struct Facts {
///     counted: HashSet<EventId>,
///     totals: HashMap<Topic, Update>,
/// }
///
/// impl Ledger for Facts {
///     type Error = std::convert::Infallible;
///
///     fn remember(&mut self, id: EventId, _: Timestamp) -> Result<bool, Self::Error> {
///         Ok(self.counted.insert(id))
///     }
///
///     fn add(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Self::Error> {
///         let total = self.totals.entry(topic.clone()).or_insert_with(|| Update::empty(topic.clone()));
///         if !delta.is_empty() {
///             total.stats = total.stats + delta;
///             total.revision += 1;
///         }
///         Ok(total.clone())
///     }
/// #     fn see(&mut self, _: &Topic, _: VisitorKey, _: Timestamp) -> Result<Option<Timestamp>, Self::Error> {
/// #         Ok(None)
/// #     }
/// #     fn set_like(&mut self, _: &Topic, _: ReaderId, _: bool, _: Stamp) -> Result<bool, Self::Error> { Ok(false) }
/// #     fn comment(&mut self, _: EventId) -> Result<Option<Comment>, Self::Error> { Ok(None) }
/// #     fn add_comment(&mut self, _: &Comment) -> Result<(), Self::Error> { Ok(()) }
/// #     fn set_visibility(&mut self, _: EventId, _: Visibility, _: Stamp) -> Result<bool, Self::Error> { Ok(false) }
/// }
///
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
/// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
/// let updates = apply_events(&mut Facts::default(), &[visit.clone(), visit])?;
/// assert_eq!((updates[0].stats.visits, updates[0].revision), (1, 1));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
pub trait Ledger {
    /// What the store's driver fails with.
    type Error;

    /// Remembers that an event was counted. Answers whether it was new.
    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Self::Error>;

    /// When the visitor was last seen here, and remembers `at` if that is later.
    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Self::Error>;

    /// Puts the reader into the set of those who like the topic, or takes them out, unless a later
    /// word of theirs is known. Answers whether that changed the set.
    ///
    /// An unlike is kept also when there was nothing to take back: a like that was said before it may
    /// still come. [`StatsStore::expire`](crate::StatsStore::forget) erases it when none can.
    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, said: Stamp) -> Result<bool, Self::Error>;

    /// The comment with this id.
    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Self::Error>;

    /// Adds a comment behind all others. Its id is new.
    fn add_comment(&mut self, comment: &Comment) -> Result<(), Self::Error>;

    /// Changes whether readers see a comment, unless a later verdict is known. Answers whether it holds.
    /// The comment is there: [`apply_events`] asked for it before.
    fn set_visibility(&mut self, id: EventId, visibility: Visibility, said: Stamp) -> Result<bool, Self::Error>;

    /// Adds to the topic's totals and its revision, unless `delta` is nothing. Answers the totals.
    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Self::Error>;
}

/// Counts each event once: the one place that says what an event does to the numbers.
///
/// Several accumulators may share the work, and what a dead one left behind comes late. So likes and
/// verdicts go by when they were said, not by when they arrive.
///
/// Answers the totals of every topic that `events` name, also when all of them were known already,
/// so that whoever missed the first answer still learns them. Totals are written once a topic,
/// however many events name it.
///
/// ```
/// use horizon_core::{Event, Ledger, Update, apply_events};
///
/// /// A store's `apply`, inside its transaction.
/// fn apply<L: Ledger>(transaction: &mut L, events: &[Event]) -> Result<Vec<Update>, L::Error> {
///     let updates = apply_events(transaction, events)?; // on an error: roll back
///     Ok(updates) // else: commit, and only then answer
/// }
/// ```
///
/// # Errors
/// The ledger's own; what was written until then must be taken back by the caller.
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
    match &event.kind {
        EventKind::Visit { visitor: None } => Ok(Delta::VISIT),
        EventKind::Visit { visitor: Some(visitor) } => {
            let last = ledger.touch_visitor(&event.topic, *visitor, event.at)?;
            Ok(if last.is_none_or(|last| is_new_visit(last, event.at)) {
                Delta::VISIT
            } else {
                Delta::default()
            })
        }
        EventKind::Like { reader } => Ok(if ledger.set_like(&event.topic, *reader, true, event.stamp())? {
            Delta::LIKE
        } else {
            Delta::default()
        }),
        EventKind::Unlike { reader } => Ok(if ledger.set_like(&event.topic, *reader, false, event.stamp())? {
            Delta::UNLIKE
        } else {
            Delta::default()
        }),
        EventKind::Comment { .. } => apply_comment(ledger, event),
        EventKind::Moderate { comment, verdict } => apply_verdict(ledger, event, *comment, *verdict),
    }
}

/// Whether coming at `at` is a visit of its own when the visitor was seen at `last`.
///
/// Events may arrive out of order, so the gap counts in both directions.
fn is_new_visit(last: Timestamp, at: Timestamp) -> bool {
    at.since(last).max(last.since(at)) > VISIT_GAP
}

fn apply_comment<L: Ledger>(ledger: &mut L, event: &Event) -> Result<Delta, L::Error> {
    let (
        Topic::Page(slug),
        EventKind::Comment {
            reader,
            draft,
            pending: held,
        },
    ) = (&event.topic, &event.kind)
    else {
        return Ok(Delta::default());
    };
    if ledger.comment(event.id)?.is_some() {
        return Ok(Delta::default());
    }
    let parent = match draft.parent() {
        None => None,
        Some(id) => ledger
            .comment(id)?
            .filter(|parent| parent.slug == *slug && parent.parent.is_none())
            .map(|p| p.id),
    };
    let visibility = if *held { Visibility::Pending } else { Visibility::Shown };
    ledger.add_comment(&Comment {
        id: event.id,
        slug: slug.clone(),
        parent,
        reader: *reader,
        author: draft.author().into(),
        body: draft.body().into(),
        at: event.at,
        visibility,
    })?;
    Ok(if *held { Delta::default() } else { Delta::SHOW })
}

fn apply_verdict<L: Ledger>(
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
