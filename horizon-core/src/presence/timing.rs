use std::time::Duration;

/// The intervals of the protocol. All nodes should have the same. Only the grace may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// How long a visitor counts after their last guard is gone: 3 s.
    pub grace: Duration,
    /// The shortest time between two deltas of one topic: 100 ms.
    pub flush_interval: Duration,
    /// The time between two heartbeats of a node with members on a topic: 2 s.
    pub heartbeat_interval: Duration,
    /// How long a node may be silent on a topic before its members are dropped: 7 s, more than three heartbeats.
    /// Messages must not take longer than this to arrive.
    pub dead_after: Duration,
    /// The shortest time between two requests for a node's state, and between two responses: 250 ms.
    pub state_request_interval: Duration,
    /// How long a topic is kept after the last local member and watcher are gone: 10 s, so that short views do not
    /// subscribe again each time.
    pub linger: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(3),
            flush_interval: Duration::from_millis(100),
            heartbeat_interval: Duration::from_secs(2),
            dead_after: Duration::from_secs(7),
            state_request_interval: Duration::from_millis(250),
            linger: Duration::from_secs(10),
        }
    }
}
