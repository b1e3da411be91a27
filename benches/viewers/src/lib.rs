//! Opens live streams by the thousand and says what they cost the server, whichever it is.
//!
//! ```text
//! horizon-web &
//! viewers --pid $! --viewers 10000 --url http://127.0.0.1:3000/horizon/live/hello \
//!     --publish like:http://127.0.0.1:3000/horizon/likes/hello --json out.json deliveries
//! ```
//!
//! For this EventHorizon runs with `HORIZON_TRUSTED_PROXIES=127.0.0.0/8`: each viewer and each like says with
//! `X-Forwarded-For` that it is somebody else, from 10.0.0.0/8. A run has new people, a reconnecting viewer stays who it
//! is. Connections come from 127.0.0.2 and up, 500 from each. The limit of file descriptors is raised as far as it goes.
//!
//! # The servers
//!
//! Any server of server-sent events will do, or of WebSockets (`--protocol ws`), or a Socket.IO one (`--protocol
//! socketio`, with `/socket.io/?EIO=4&transport=websocket` in the URL). `--publish` says how something is said to it, and
//! with that what its messages are; say it where a scenario publishes nothing, too:
//!
//! - `post:URL`: `POST` with `{"n":17,"pad":"…"}`, 150 bytes, which the server sends on to everyone as it is. Every message
//!   counts; one that is missing is *lost*. A connection is good once the server accepts it: the head of the answer, the
//!   open WebSocket, Socket.IO's `40`. So it is without `--publish`, too.
//! - `like:URL`: `PUT` with a new `Idempotency-Key`, answered `{"liked":true,"likes":7}`. Viewers get `event: live` with
//!   `{"viewers":2,"visits":10,"likes":7,"comments":0}`. The server may skip numbers; a viewer who does not end with the
//!   last ones is *stale*. A connection is good with the first numbers.
//!
//! # The scenarios
//!
//! | scenario | what happens | what is asked |
//! |---|---|---|
//! | `deliveries` | everyone views, messages are published | what a delivery costs, how long it takes, what is lost |
//! | `joins` | everyone comes; with `--leave` goes too | what a join costs |
//! | `idle` | everyone views, nothing happens | what a connection costs |
//! | `burst` | thousands of messages a second | how often a viewer is told; how long a like takes to everyone |
//! | `stalled` | some stop reading | whether the others and the memory notice |
//! | `storm` | all connections break and come back at once | how long until everyone shows the right numbers |
//! | `churn` | viewers come and go while messages are published | what is lost then |
//!
//! Each begins with everyone's coming, `--in-flight` at once, which is reported as `join` and `memory`, and with a wait until
//! no numbers have come for `--settle` seconds, a minute at most. Each ends with one [`Report`], as a table and with `--json` as JSON.
//!
//! # The figures
//!
//! Every name ends in its unit; [`report`] and [`scenario`] say of each what it is. What is common to all:
//!
//! - `server_cpu_seconds` is `utime` and `stime` of the processes given with `--pid` and of all their descendants, from
//!   `/proc`, in steps of ten milliseconds. `rss_kib` is their resident memory, where pages that processes share count
//!   once for each. The kernel's socket buffers are in neither. Without `--pid` they are empty.
//! - `own_cpu_seconds` is this program's. Near the wall time, it was the bottleneck: it runs on one thread.
//! - `latency_ms` is from just before a request to publish is written until a viewer has read the message: all viewers and
//!   all messages, each once. It holds the server's work, and this program's turn for turn reading of all its sockets,
//!   which for ten thousand is tens of milliseconds. Where numbers are skipped, a message has the age of the newest like
//!   in it; of likes that were counted together, that of the first.
//! - `deliveries` are messages that brought a viewer something new that this run published; `frames` are all with numbers,
//!   `bytes` all bytes from the socket, heartbeats and framing included.
//! - `connect_ms` of just over a second are mostly not the server's work: its listener's queue was full, the kernel dropped
//!   the first packet (`nstat TcpExtListenOverflows`), and it was sent again after a second. `--in-flight` below the
//!   listener's backlog avoids it.
//! - `errors` are connections that failed or that the server ended, by why.
//!
//! Everything is kept as (time, number) for each viewer and computed afterwards; [`account`] is the place.

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

/// Measures what was asked for.
///
/// # Errors
/// A sentence for the user when there is nothing to measure.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    limits::make_room(options.viewers)?;
    scenario::run(bench::Bench::new(options)?).await
}
