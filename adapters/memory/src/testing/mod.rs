//! Fakes for the tests of an application.
//!
//! - [`Fake`] implements every port, with the same rules as the real adapters.
//! - [`Clock`] stands still until the test moves it. Graces and delays depend on it.
//! - [`Call`] names a method of a port that can fail or take time.
//!
//! Nothing here reads the system's clock, uses randomness or starts a task, so tests never sleep. A fake keeps
//! everything that it receives, so create one for each test.

mod accumulator;
mod backend;
mod call;
mod clock;
mod connection;
mod fake;
mod fault_plan;
mod faults;
mod ports;
mod presence;

pub use call::Call;
pub use clock::Clock;
pub use fake::Fake;
pub use faults::FaultGuard;
