//! The CPU time and memory of the server in a phase.

use serde::Serialize;

use crate::{
    clock::{MonotonicClock, seconds},
    process::{self, Usage},
};

/// The cost of a phase. The figures of the server are sums over its processes, and empty without `--pid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// The length of the phase, in seconds.
    pub wall_seconds: f64,
    /// The CPU time of the server, user and system, in seconds.
    pub server_cpu_seconds: Option<f64>,
    /// The CPU time of this program, in seconds. Close to the wall time, this program was the bottleneck.
    pub own_cpu_seconds: f64,
}

/// The border between two phases.
#[derive(Clone, Copy, Debug)]
pub struct Border {
    at: u64,
    server: Option<Usage>,
    own: Usage,
}

impl Border {
    /// Returns the border at this moment.
    ///
    /// # Errors
    /// A process of the server has ended.
    pub fn now(clock: MonotonicClock, pids: &[i32]) -> anyhow::Result<Self> {
        Ok(Self {
            at: clock.now(),
            server: process::usage(pids)?,
            own: process::own()?,
        })
    }

    /// Returns the resident memory of the server, in KiB.
    #[must_use]
    pub fn rss_kib(&self) -> Option<u64> {
        self.server.map(|usage| usage.rss_kib)
    }

    /// Returns the cost up to another border.
    #[must_use]
    pub fn until(&self, end: &Self) -> Cost {
        let server = self.server.zip(end.server);
        Cost {
            wall_seconds: seconds(end.at.saturating_sub(self.at)),
            server_cpu_seconds: server.map(|(before, after)| after.cpu_seconds - before.cpu_seconds),
            own_cpu_seconds: end.own.cpu_seconds - self.own.cpu_seconds,
        }
    }

    /// Returns the growth of the server's memory until another measurement, in KiB per viewer.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
    pub fn growth_kib(&self, end: &Self, each_of: usize) -> Option<f64> {
        let (before, after) = self.rss_kib().zip(end.rss_kib())?;
        (each_of > 0).then(|| (after as f64 - before as f64) / each_of as f64)
    }
}
