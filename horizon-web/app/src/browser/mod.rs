//! What the islands do in the browser: follow the numbers, like, talk.
//!
//! The server has put everything into the page already. The islands change what it put there: text,
//! attributes, a comment more. That keeps the download small and leaves nothing to disagree about.

mod dom;
mod fetch;
mod health;
mod js;
pub(crate) mod like;
mod live;
pub(crate) mod numbers;
pub(crate) mod talk;
mod task;
pub mod wake;
