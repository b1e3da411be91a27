//! Opens thousands of live streams and measures their cost on any server.
//!
//! ```text
//! horizon-web &
//! viewers --pid $! --viewers 10000 --url http://127.0.0.1:3000/horizon/live/hello \
//!     --publish like:http://127.0.0.1:3000/horizon/likes/hello --json out.json deliveries
//! ```
//!
//! EventHorizon must run with `HORIZON_TRUSTED_PROXIES=127.0.0.0/8`: each viewer and each like has its own
//! `X-Forwarded-For` address from 10.0.0.0/8. A reconnecting viewer keeps its address; a run uses new ones. Connections
//! come from 127.0.0.2 and up, 500 from each. The limit of file descriptors is raised to its maximum.
//!
//! # Servers
//!
//! Any server of server-sent events, of WebSockets (`--protocol ws`), or of Socket.IO (`--protocol socketio`, with
//! `/socket.io/?EIO=4&transport=websocket` in the URL). `--publish` selects the kind of messages, also for scenarios
//! that publish nothing:
//!
//! - `post:URL`: `POST` with `{"n":17,"pad":"…"}`, 150 bytes, which the server sends to everyone unchanged. A missing
//!   message is *lost*. A connection counts as open once the server accepts it: the response header, the open
//!   WebSocket, Socket.IO's `40`. This is the default.
//! - `like:URL`: `PUT` with a new `Idempotency-Key`, whose response is `{"liked":true,"likes":7}`. Viewers receive
//!   `event: live` with `{"viewers":2,"visits":10,"likes":7,"comments":0}`. The server may skip numbers; a viewer
//!   without the last ones is *stale*. A connection counts as open with the first numbers.
//!
//! # Scenarios
//!
//! | scenario | what happens | what is measured |
//! |---|---|---|
//! | `deliveries` | messages are published to all viewers | cost and latency of a delivery, lost messages |
//! | `joins` | all viewers connect, with `--leave` also disconnect | cost of a join |
//! | `idle` | nothing | cost of a connection |
//! | `burst` | thousands of messages a second | frames per viewer, latency of a like |
//! | `stalled` | some viewers stop reading | latency of the others, memory |
//! | `storm` | all connections break and reconnect | time until everyone has the right numbers |
//! | `churn` | viewers come and go while messages are published | lost messages |
//!
//! Each scenario starts with the joins, `--in-flight` at a time, which are reported as `join` and `memory`, and waits
//! until no numbers have arrived for `--settle` seconds, at most a minute. It ends with one [`Report`], as a table and
//! with `--json` as JSON.
//!
//! # Figures
//!
//! Every name ends in its unit; [`report`] and [`scenario`] describe each. Common to all:
//!
//! - `server_cpu_seconds` is `utime` plus `stime` of the processes given with `--pid` and their descendants, from
//!   `/proc`, in steps of ten milliseconds. `rss_kib` is their resident memory, where shared pages count once per
//!   process. Neither includes the socket buffers of the kernel. Both are empty without `--pid`.
//! - `own_cpu_seconds` is the CPU time of this program, which has one thread. Close to the wall time, it was the
//!   bottleneck.
//! - `latency_ms` is the time from just before the write of a publish request until a viewer has read the message, over
//!   all viewers and messages. It includes the work of the server and the time this program needs to read all sockets
//!   in turn, tens of milliseconds for ten thousand. With skipped numbers, a message has the age of its newest like; of
//!   likes that were counted together, that of the first.
//! - `deliveries` are messages with something new that this run published, `frames` all messages with numbers, `bytes`
//!   all bytes read from sockets, heartbeats and framing included.
//! - `connect_ms` just above a second is rarely the server's work: its listen queue was full, the kernel dropped the
//!   first packet (`nstat TcpExtListenOverflows`), and it was repeated after a second. Keep `--in-flight` below the
//!   backlog of the listener.
//! - `errors` are connections that failed or that the server closed, by reason.
//!
//! All records are kept as (time, number) per viewer and evaluated afterwards in [`account`].

pub mod account;
pub mod bench;
pub mod body;
pub mod client_addresses;
pub mod clock;
pub mod cost;
pub mod figures;
pub mod limits;
pub mod options;
pub mod process;
pub mod progress;
pub mod publish;
pub mod report;
pub mod scan;
pub mod scenario;
pub mod server;
mod session;
pub mod viewer;
pub mod viewer_pool;

pub use self::{options::Options, report::Report};

/// Runs the scenario and writes the report.
///
/// # Errors
/// Nothing can be measured. The message is for the user.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    limits::make_room(options.viewers)?;
    scenario::run(bench::Bench::new(options)?).await
}
