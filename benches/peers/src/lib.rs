//! The servers that EventHorizon is measured beside, each started for real.
//!
//! Every one of them takes viewers, and sends each body posted to `/publish` on to all of them. Two are programs of this
//! package: `floor`, which does the least that any server can do, and `plain-axum`, which is what one writes with axum alone.
//! `ws` and `socket.io` run in Node.js, `nchan` in nginx.

mod cpu_placement;
mod listen;
mod nginx;
mod node;
mod peer;

pub use cpu_placement::CpuPlacement;
pub use listen::listen;
pub use node::target;
pub use peer::{Peer, PeerProtocol, Running};
