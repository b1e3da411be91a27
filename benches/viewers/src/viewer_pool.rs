//! The pool of all viewers: opens and closes them, and waits until they have the expected messages.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    client_addresses::ClientAddresses,
    server::TargetServer,
    session,
    viewer::{ReceiveLog, Viewer},
};

/// The time between two checks of a wait.
pub const LOOK: Duration = Duration::from_millis(10);

/// All viewers, including those that have left.
#[derive(Debug)]
pub struct ViewerPool {
    server: Arc<TargetServer>,
    addresses: ClientAddresses,
    /// The maximum number of connections that open at the same time.
    in_flight: usize,
    /// The number of viewers with small receive buffers, the first ones.
    small: usize,
    /// The current viewers, each with the task of its connection.
    seats: Vec<(Arc<Viewer>, JoinHandle<()>)>,
    /// Viewers that have left.
    gone: Vec<Arc<Viewer>>,
}

impl ViewerPool {
    /// Creates a pool without viewers.
    #[must_use]
    pub fn new(server: Arc<TargetServer>, in_flight: usize, small: usize) -> Self {
        Self {
            server,
            addresses: ClientAddresses::for_viewers(),
            in_flight,
            small,
            seats: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Opens this number of viewers, and returns once each is connected or has failed.
    pub async fn open(&mut self, count: usize, opened: impl Fn()) {
        let addresses = (0..count).map(|_| self.addresses.next_address()).collect();
        self.open_for(addresses, opened).await;
    }

    /// Closes every connection, then opens it again with the same addresses.
    pub async fn reopen(&mut self, opened: impl Fn()) {
        let addresses = self.seated().map(|viewer| viewer.person).collect();
        self.close().await;
        self.open_for(addresses, opened).await;
    }

    async fn open_for(&mut self, addresses: Vec<Ipv4Addr>, opened: impl Fn()) {
        let gate = self.gate();
        for (seat, person) in addresses.into_iter().enumerate() {
            if let Some(one) = self.launch(&gate, seat, person).await {
                self.seats.push(one);
                opened();
            }
        }
        self.all_settled(&gate).await;
    }

    /// Returns a semaphore that limits the connections that open at the same time.
    #[must_use]
    pub fn gate(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.in_flight))
    }

    /// Closes every connection.
    pub async fn close(&mut self) {
        let now = self.server.clock.now();
        for (viewer, task) in &self.seats {
            leave(viewer, now);
            task.abort();
        }
        for (viewer, task) in self.seats.drain(..) {
            // The error is the abort, which drops the connection.
            let _ = task.await;
            self.gone.push(viewer);
        }
    }

    /// Replaces a random viewer by a new one.
    pub async fn replace(&mut self, gate: &Arc<Semaphore>) {
        if self.seats.is_empty() {
            return;
        }
        let seat = fastrand::usize(..self.seats.len());
        let person = self.addresses.next_address();
        let Some(mut one) = self.launch(gate, seat, person).await else {
            return;
        };
        if let Some(place) = self.seats.get_mut(seat) {
            std::mem::swap(place, &mut one);
            let (viewer, task) = one;
            leave(&viewer, self.server.clock.now());
            task.abort();
            self.gone.push(viewer);
        }
    }

    /// Returns the current viewers.
    pub fn seated(&self) -> impl Iterator<Item = &Arc<Viewer>> {
        self.seats.iter().map(|(viewer, _)| viewer)
    }

    /// Returns all viewers, including those that have left.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Viewer>> {
        self.gone.iter().chain(self.seated())
    }

    /// Returns the number of connected viewers.
    #[must_use]
    pub fn here(&self) -> usize {
        self.seated().filter(|viewer| viewer.log().is_here()).count()
    }

    /// Starts a new phase and returns its time. Forgets the viewers that have left.
    pub fn begin(&mut self) -> u64 {
        self.gone.clear();
        for viewer in self.seated() {
            viewer.log().begin();
        }
        self.server.clock.now()
    }

    /// Waits until the condition is true for every connected viewer that reads, up to a limit. Returns whether it is.
    pub async fn wait(&self, patience: Duration, holds: impl Fn(&ReceiveLog) -> bool) -> bool {
        let deadline = tokio::time::Instant::now() + patience;
        let lacks = |viewer: &Arc<Viewer>| {
            let log = viewer.log();
            log.is_here() && !viewer.is_stalled() && !holds(&log)
        };
        // Start with the viewer that failed the last check: it usually still does.
        let mut first = 0;
        loop {
            let rest = self.seats.iter().skip(first).position(|(viewer, _)| lacks(viewer));
            match rest {
                Some(further) => first += further,
                None if first == 0 => return true,
                None => {
                    first = 0;
                    continue;
                }
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no message has arrived for this long, at most for `patience`.
    pub async fn quiet(&self, quiet: Duration, patience: Duration) {
        let deadline = tokio::time::Instant::now() + patience;
        let mut before = self.frames();
        let mut since = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(LOOK * 10).await;
            let now = tokio::time::Instant::now();
            let frames = self.frames();
            if frames != before {
                (before, since) = (frames, now);
            }
            if now >= deadline || now.duration_since(since) >= quiet {
                return;
            }
        }
    }

    fn frames(&self) -> u64 {
        self.seated().map(|viewer| viewer.log().frames).sum()
    }

    async fn launch(
        &self,
        gate: &Arc<Semaphore>,
        seat: usize,
        person: Ipv4Addr,
    ) -> Option<(Arc<Viewer>, JoinHandle<()>)> {
        // The semaphore is never closed.
        let permit = Arc::clone(gate).acquire_owned().await.ok()?;
        let asked = self.server.clock.now();
        let viewer = Arc::new(Viewer::new(seat, person, seat < self.small, asked));
        let task = tokio::spawn(session::view(Arc::clone(&self.server), Arc::clone(&viewer), permit));
        Some((viewer, task))
    }

    /// Waits until no connection with a permit of this semaphore is opening.
    pub async fn all_settled(&self, gate: &Arc<Semaphore>) {
        let all = u32::try_from(self.in_flight).unwrap_or(u32::MAX);
        let _permits = gate.acquire_many(all).await;
    }
}

fn leave(viewer: &Viewer, now: u64) {
    let mut log = viewer.log();
    if log.failed.is_none() {
        log.left = Some(now);
    }
}

impl Drop for ViewerPool {
    fn drop(&mut self) {
        for (_, task) in &self.seats {
            task.abort();
        }
    }
}
