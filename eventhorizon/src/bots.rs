//! The list of known crawlers.

pub(crate) use isbot::Bots;
