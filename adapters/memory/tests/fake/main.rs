//! The fake keeps the promises of the ports, and fails when and how a test tells it to.

#![expect(clippy::unwrap_used, reason = "what a test needs has to be there")]

mod conformance;
mod counting;
mod delays;
mod disconnected;
mod failures;
mod presence;

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

/// A visit that counts whatever came before; the same number is the same visit.
fn visit(number: u8) -> Event {
    let stamp = Stamp::new(clock().now(), [number; 10]);
    Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })
}

/// How many visits the site has.
async fn visits(fake: &Fake) -> u64 {
    fake.total(&Topic::Site).await.unwrap().stats.visits
}

/// What a watch says now, nothing if it is silent. It must not have ended.
fn says<T>(watch: &mut (impl Stream<Item = T> + Unpin)) -> Option<T> {
    watch.next().now_or_never().map(Option::unwrap)
}
