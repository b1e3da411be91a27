//! The servers that EventHorizon is compared with, as processes.
//!
//! Each accepts viewers and sends every body that is posted to `/publish` to all of them. Two are programs of this
//! package: `floor`, which does the least work possible, and `plain-axum`, which uses axum alone. `ws` and `socket.io`
//! run in Node.js, `nchan` in nginx.

mod cpu_placement;
mod listen;
mod nginx;
mod node;
mod peer;

pub use cpu_placement::CpuPlacement;
pub use listen::listen;
pub use node::target;
pub use peer::{Peer, PeerProtocol, Running};
