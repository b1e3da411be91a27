//! The fake passes the conformance suites, and fails as a test demands.

#![expect(clippy::unwrap_used, reason = "what a test needs has to be there")]

mod conformance;
mod delays;
mod disconnected;
mod failures;
mod presence;
mod tracking;

use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt};
use horizon_core::{Event, EventKind, Stamp, StatsStoreExt, Timestamp, Topic, VisitorKey};
use horizon_memory::testing::{Clock, Fake};

const ADA: VisitorKey = VisitorKey::from_u128(1);
const BOB: VisitorKey = VisitorKey::from_u128(2);

const SECOND: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(3);

fn clock() -> Clock {
    Clock::at(Timestamp::from_millis(1_800_000_000_000))
}

fn fake() -> Fake {
    Fake::new(clock())
}

/// A visit that always counts. Equal numbers are the same visit.
fn visit(number: u8) -> Event {
    let stamp = Stamp::new(clock().now(), [number; 10]);
    Event::new(stamp, Topic::Site, EventKind::visit(None))
}

/// Returns the site's visits.
async fn visits(fake: &Fake) -> u64 {
    fake.total(&Topic::Site).await.unwrap().stats.visits
}

/// Returns the next value of a watch, or `None` if it is silent. Panics if it ended.
fn next_now<T>(watch: &mut (impl Stream<Item = T> + Unpin)) -> Option<T> {
    watch.next().now_or_never().map(Option::unwrap)
}
