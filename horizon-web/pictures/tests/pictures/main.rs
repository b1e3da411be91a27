//! Pictures of a folder, their sizes and their variants.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod hostile;
mod sizes;
mod support;
mod variants;
