//! Helpers for the tests of an application (feature `testing`).
//!
//! [`TestSite`] is a site on fakes: no server, no file, a clock that the test moves, and failures on demand.
//! [`LiveEvents`] reads a live stream. The fakes are those of `horizon-memory`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use eventhorizon::{Error, testing::{Call, TestSite}};
//!
//! let site = TestSite::start(["bread"]).await;
//! let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
//! let mut live = site.open("bread", "Firefox").await;
//!
//! let outage = site.fake.fail(Call::Track, Error::unavailable("Redis is down"));
//! assert_eq!(site.horizon.like(&bread, &ada).await.unwrap_err().status(), 503);
//! outage.restore();
//! site.horizon.like(&bread, &ada).await.unwrap();
//! live.wait_for("live", |stats| stats["likes"] == 1).await;
//! # }
//! ```

mod live_events;
mod site;

pub use horizon_memory::testing::{Call, Clock, Fake, FaultGuard};
pub use live_events::{LiveEvent, LiveEvents};
pub use site::TestSite;
