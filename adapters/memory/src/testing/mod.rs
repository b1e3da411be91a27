//! Fakes for whoever tests an application: all ports in one value, under a clock that the test moves.
//!
//! - [`Fake`] is every port at once. It counts, and knows who is here, by the same rules as the real adapters.
//! - [`Clock`] stands still until the test moves it. Graces and delays go by it.
//! - [`Call`] names a method of a port that shall fail or take its time.
//!
//! Nothing here reads the system's clock, throws dice or starts a task, so a test never has to sleep. A fake keeps
//! everything that it was told, on purpose: it is as long-lived as a test.

mod backend;
mod call;
mod clock;
mod counter;
mod fake;
mod faults;
mod inspect;
mod link;
mod plan;
mod ports;
mod presence;

pub use call::Call;
pub use clock::Clock;
pub use fake::Fake;
