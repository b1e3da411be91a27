//! Drives the real server from outside: with real browsers, with plain HTTP, with bytes that are no HTTP at all.
//!
//! A test takes a [`Stage`]: one server over a database and posts of its own, and as many [`Reader`]s as it
//! asks for, each a Chromium with its own profile and user agent. When the test ends the stage looks at what every
//! browser wrote to its console and whom it talked to.

mod chrome;
mod command;
mod comments;
pub mod http;
mod log;
mod nodes;
mod posts;
pub mod process;
mod reader;
mod seed;
mod server;
mod stage;
mod wait;

pub use comments::Writer;
pub use nodes::Nodes;
pub use posts::Posts;
pub use reader::Reader;
pub use seed::Seed;
pub use server::{Options, Server, program};
pub use stage::{Host, Stage, stage, stage_of};
pub use wait::{DEADLINE, wait_until};
