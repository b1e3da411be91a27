use std::time::Duration;

/// How long things take. All nodes of a cluster should have the same. Only the grace may be nothing.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::presence::Timing;
///
/// let mut patient = Timing::default();
/// patient.grace = Duration::from_secs(30);
/// assert!(patient.dead_after > 3 * patient.heartbeat_interval);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// How long a visitor stays counted after their last guard is gone: 3 s.
    pub grace: Duration,
    /// How often changes of one topic are told at most: every 100 ms.
    pub flush_interval: Duration,
    /// How often a node with members gives a sign of life on a topic: every 2 s.
    pub heartbeat_interval: Duration,
    /// How long a node may be silent on a topic before its members there are dropped: 7 s, which is
    /// more than three beats. Messages must not be on their way longer than that.
    pub dead_after: Duration,
    /// How often a node is asked for its state, and says it, at most: every 250 ms.
    pub state_request_interval: Duration,
    /// How long a topic is kept after the last member and watcher of this node are gone: 10 s, so that
    /// repeated short looks do not subscribe anew each time.
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
