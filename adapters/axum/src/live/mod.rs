//! The live path: one task a watched page makes the frames, every connection writes the same bytes.

mod body;
mod frame;
mod hub;
mod page;

pub(crate) use body::{LiveBody, Open};
pub(crate) use frame::{Frame, Part, Parts};
pub(crate) use hub::{Hub, Seat};

#[cfg(test)]
mod tests;
