//! A viewer and its received messages.

use std::{
    net::Ipv4Addr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::scan::Reading;

/// The maximum number of recorded messages per viewer and phase. Further ones are only counted.
pub const RECORDS: usize = 1 << 17;

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    /// Its index, which determines its source address.
    pub seat: usize,
    /// Its `X-Forwarded-For` address.
    pub person: Ipv4Addr,
    /// Whether its receive buffer is small, because it will stop reading.
    pub is_small: bool,
    is_stalled: AtomicBool,
    log: Mutex<ReceiveLog>,
}

/// The connection and the messages of a viewer.
#[derive(Debug, Default)]
pub struct ReceiveLog {
    /// The start of the connection.
    pub asked: u64,
    /// When the connection was open.
    pub connected: Option<u64>,
    /// When and why the connection ended, unless the viewer left.
    pub failed: Option<(u64, Failure)>,
    /// When the viewer left.
    pub left: Option<u64>,
    /// The newest message.
    pub last: Option<Reading>,
    /// The number of messages since the start of the phase.
    pub frames: u64,
    /// Bytes read from the socket since the start of the phase.
    pub bytes: u64,
    /// The messages since the start of the phase, oldest first.
    pub records: Vec<Record>,
}

/// A message and its time of arrival, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When its last byte was read.
    pub at: u64,
    /// Its numbers.
    pub reading: Reading,
}

/// Why a connection failed or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The TCP connection failed.
    Connect,
    /// The connection took too long.
    Timeout,
    /// The response has another status.
    Status(u16),
    /// The response does not follow the protocol.
    Protocol,
    /// The server closed the connection.
    Closed,
}

impl Failure {
    /// Returns its name in the report.
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
    /// Creates a viewer that has not connected yet.
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

    /// Returns its log.
    pub fn log(&self) -> MutexGuard<'_, ReceiveLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops reading.
    pub fn stall(&self) {
        self.is_stalled.store(true, Ordering::Relaxed);
    }

    /// Returns whether it has stopped reading.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }
}

impl ReceiveLog {
    /// Returns whether it is connected.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.connected.is_some() && self.failed.is_none() && self.left.is_none()
    }

    /// Starts a new phase and clears the records.
    pub fn begin(&mut self) {
        self.frames = 0;
        self.bytes = 0;
        self.records.clear();
    }

    /// Records a message.
    pub fn see(&mut self, at: u64, reading: Reading) {
        self.last = Some(reading);
        self.frames += 1;
        if self.records.len() < RECORDS {
            self.records.push(Record { at, reading });
        }
    }
}
