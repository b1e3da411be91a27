//! The live path: one task a watched page makes the frames, every connection writes the same bytes.

mod frame;
mod heard;
mod hub;
mod latest;
mod open;
mod page;
mod sse;
mod stream;

pub(crate) use frame::{Frame, FramePart, Parts};
pub(crate) use hub::{Hub, Seat};
pub(crate) use latest::LatestReceiver;
pub use open::LiveOptions;
pub use stream::Live;
pub(crate) use stream::Open;

#[cfg(test)]
mod tests;
