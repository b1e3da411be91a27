//! What the benchmarks share: events as a busy page sends them.
//!
//! Run them with `cargo bench -p horizon-benches`. Timings wander from machine to machine and from run to
//! run; compare numbers of one run only.

use horizon_core::{Event, EventKind, ReaderId, Slug, SlugError, Stamp, Timestamp, VisitorKey};

/// `count` events of one page from `first` on: of ten, eight visits and two likes, each of somebody else.
///
/// # Errors
/// Never: the slug is a good one.
pub fn events(first: u64, count: u64) -> Result<Vec<Event>, SlugError> {
    let slug = Slug::new("hello")?;
    let event = |number: u64| {
        let mut random = [0; 10];
        let (_, tail) = random.split_at_mut(2);
        tail.copy_from_slice(&number.to_be_bytes());
        let who = u128::from(number);
        let kind = match number % 10 {
            0 | 1 => EventKind::Like {
                reader: ReaderId::from_u128(who),
            },
            _ => EventKind::Visit {
                visitor: Some(VisitorKey::from_u128(who)),
            },
        };
        Event::new(
            Stamp::new(Timestamp::from_millis(1_800_000_000_000), random),
            slug.clone().into(),
            kind,
        )
    };
    Ok((first..first + count).map(event).collect())
}
