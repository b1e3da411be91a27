//! What one viewer has seen.

use std::{
    net::Ipv4Addr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::scan::Reading;

/// Messages that are kept of one viewer in one phase, at most; later ones are only counted.
pub const RECORDS: usize = 1 << 17;

/// One who views: who it is, and what it has seen so far.
#[derive(Debug)]
pub struct Viewer {
    /// Where it sits among the viewers; its source address goes by this.
    pub seat: usize,
    /// Its `X-Forwarded-For` address.
    pub person: Ipv4Addr,
    /// Whether its socket takes little, for it will stop reading.
    pub is_small: bool,
    is_stalled: AtomicBool,
    log: Mutex<ReceiveLog>,
}

/// What has happened to a viewer.
#[derive(Debug, Default)]
pub struct ReceiveLog {
    /// When it began to connect.
    pub asked: u64,
    /// When the connection was good.
    pub connected: Option<u64>,
    /// When and why the connection ended without the viewer wanting it.
    pub failed: Option<(u64, Failure)>,
    /// When the viewer left.
    pub left: Option<u64>,
    /// The newest message.
    pub last: Option<Reading>,
    /// Messages since the phase began.
    pub frames: u64,
    /// Bytes since the phase began, as the socket gave them.
    pub bytes: u64,
    /// The messages since the phase began, oldest first.
    pub records: Vec<Record>,
}

/// A message and when it came, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When its last byte was read.
    pub at: u64,
    /// What it said.
    pub reading: Reading,
}

/// Why a connection is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// TCP did not connect.
    Connect,
    /// It took too long.
    Timeout,
    /// The server answered with another status.
    Status(u16),
    /// The answer was not of the protocol.
    Protocol,
    /// The server closed the connection or broke it.
    Closed,
}

impl Failure {
    /// Its name in a report.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Connect => "connect".into(),
            Self::Timeout => "timeout".into(),
            Self::Status(status) => format!("status_{status}"),
            Self::Protocol => "protocol".into(),
            Self::Closed => "closed_by_server".into(),
        }
    }
}

impl Viewer {
    /// One who has not connected yet.
    #[must_use]
    pub fn new(seat: usize, person: Ipv4Addr, is_small: bool, asked: u64) -> Self {
        Self {
            seat,
            person,
            is_small,
            is_stalled: AtomicBool::new(false),
            log: Mutex::new(ReceiveLog {
                asked,
                ..ReceiveLog::default()
            }),
        }
    }

    /// What has happened.
    pub fn log(&self) -> MutexGuard<'_, ReceiveLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it reads nothing.
    pub fn stall(&self) {
        self.is_stalled.store(true, Ordering::Relaxed);
    }

    /// Whether it reads no more.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }
}

impl ReceiveLog {
    /// Whether it is connected now.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.connected.is_some() && self.failed.is_none() && self.left.is_none()
    }

    /// A new phase begins: what was seen before no longer counts.
    pub fn begin(&mut self) {
        self.frames = 0;
        self.bytes = 0;
        self.records.clear();
    }

    /// Keeps a message.
    pub fn see(&mut self, at: u64, reading: Reading) {
        self.last = Some(reading);
        self.frames += 1;
        if self.records.len() < RECORDS {
            self.records.push(Record { at, reading });
        }
    }
}
