//! The limits of open live streams and of viewers.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Networks;
use crate::NetworkLimits;

/// How long a viewer occupies a place of its network after its last stream closed: 3 seconds, the grace of presence,
/// in which it is still shown.
const GRACE: Duration = Duration::from_secs(3);

/// The largest number of viewers in their [`GRACE`]: 16,384, about 1 MB. Beyond it, places are free at once.
const MAX_LEAVING: usize = 16_384;

/// Counts the open streams and the viewers of each network, to limit them.
///
/// The open streams bound its memory.
#[derive(Default)]
pub(super) struct OpenLimits {
    limits: NetworkLimits,
    open: Mutex<OpenCounts>,
}

#[derive(Default)]
struct OpenCounts {
    streams: NetworkCounts,
    /// The distinct viewers of each network.
    viewers: NetworkCounts,
    /// The streams of each viewer, including those in their grace.
    viewer_streams: NetworkCounts,
    /// The streams that closed, oldest first.
    leaving: VecDeque<(Instant, NetworkViewer)>,
}

/// How often each hash was added.
#[derive(Default)]
struct NetworkCounts(HashMap<u64, u32>);

/// A viewer of a network. Without a hash it differs from all others.
#[derive(Clone, Copy)]
struct NetworkViewer {
    networks: Networks,
    hash: Option<u64>,
}

/// An open stream. The network's place is free once it is dropped.
pub(crate) struct StreamPermit {
    limits: Arc<OpenLimits>,
    networks: Networks,
}

/// A stream whose viewer counts. The network's place is free some seconds after it was dropped.
pub(crate) struct ViewerPermit {
    limits: Arc<OpenLimits>,
    viewer: NetworkViewer,
}

impl NetworkCounts {
    fn get(&self, hash: u64) -> u32 {
        self.0.get(&hash).copied().unwrap_or(0)
    }

    fn add(&mut self, hash: u64) {
        *self.0.entry(hash).or_default() += 1;
    }

    fn remove(&mut self, hash: u64) {
        if let Some(count) = self.0.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&hash);
            }
        }
    }

    /// Adds one to the network and its prefix, unless one of them has reached the limit.
    fn try_add(&mut self, networks: Networks, limit: u32) -> bool {
        let is_full = |(hash, factor)| self.get(hash) >= limit.saturating_mul(factor);
        if networks.iter().any(is_full) {
            return false;
        }
        networks.iter().for_each(|(hash, _)| self.add(hash));
        true
    }

    fn remove_all(&mut self, networks: Networks) {
        networks.iter().for_each(|(hash, _)| self.remove(hash));
    }
}

impl OpenCounts {
    fn add_viewer(&mut self, viewer: NetworkViewer, limit: u32, now: Instant) -> bool {
        self.remove_left(now);
        let is_known = viewer.hash.is_some_and(|hash| self.viewer_streams.get(hash) > 0);
        if !is_known && !self.viewers.try_add(viewer.networks, limit) {
            return false;
        }
        if let Some(hash) = viewer.hash {
            self.viewer_streams.add(hash);
        }
        true
    }

    fn remove_viewer(&mut self, viewer: NetworkViewer) {
        if let Some(hash) = viewer.hash {
            self.viewer_streams.remove(hash);
            if self.viewer_streams.get(hash) > 0 {
                return;
            }
        }
        self.viewers.remove_all(viewer.networks);
    }

    /// Removes the viewers whose grace is over.
    fn remove_left(&mut self, now: Instant) {
        while let Some((left, viewer)) = self.leaving.front().copied()
            && now.duration_since(left) >= GRACE
        {
            self.leaving.pop_front();
            self.remove_viewer(viewer);
        }
    }
}

impl OpenLimits {
    pub(super) fn new(limits: NetworkLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            open: Mutex::default(),
        })
    }

    /// Returns `None` if the network has too many streams.
    pub(super) fn open_stream(this: &Arc<Self>, networks: Networks) -> Option<StreamPermit> {
        let limit = this.limits.live_streams;
        let is_open = this.open.lock().streams.try_add(networks, limit);
        is_open.then(|| StreamPermit {
            limits: Arc::clone(this),
            networks,
        })
    }

    /// Returns `None` if the network has too many viewers. Streams of the same `hash` are one viewer.
    pub(super) fn count_viewer(this: &Arc<Self>, networks: Networks, hash: Option<u64>) -> Option<ViewerPermit> {
        let viewer = NetworkViewer { networks, hash };
        let is_counted = this.open.lock().add_viewer(viewer, this.limits.viewers, Instant::now());
        is_counted.then(|| ViewerPermit {
            limits: Arc::clone(this),
            viewer,
        })
    }

    /// Removes the viewers who left, and frees unused memory.
    pub(super) fn clean_up(&self) {
        let mut open = self.open.lock();
        open.remove_left(Instant::now());
        open.leaving.shrink_to_fit();
        let OpenCounts {
            streams,
            viewers,
            viewer_streams,
            ..
        } = &mut *open;
        for NetworkCounts(counts) in [streams, viewers, viewer_streams] {
            counts.shrink_to_fit();
        }
    }

    /// Returns the number of hashes in memory.
    pub(super) fn len(&self) -> usize {
        let mut open = self.open.lock();
        open.remove_left(Instant::now());
        open.streams.0.len() + open.viewers.0.len() + open.viewer_streams.0.len()
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.limits.open.lock().streams.remove_all(self.networks);
    }
}

impl Drop for ViewerPermit {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut open = self.limits.open.lock();
        open.remove_left(now);
        if open.leaving.len() < MAX_LEAVING {
            open.leaving.push_back((now, self.viewer));
        } else {
            open.remove_viewer(self.viewer);
        }
    }
}

impl fmt::Debug for StreamPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamPermit")
    }
}

impl fmt::Debug for ViewerPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ViewerPermit")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::networks::Hasher, *};

    struct Fixture {
        limits: Arc<OpenLimits>,
        hasher: Hasher,
    }

    impl Fixture {
        fn new() -> Self {
            let limits = NetworkLimits {
                live_streams: 3,
                viewers: 2,
                ..NetworkLimits::default()
            };
            Self {
                limits: OpenLimits::new(limits),
                hasher: Hasher::default(),
            }
        }

        fn stream(&self, address: &str) -> Option<StreamPermit> {
            OpenLimits::open_stream(&self.limits, self.hasher.networks(address.parse().unwrap()))
        }

        fn viewer(&self, address: &str, agent: Option<u64>) -> Option<ViewerPermit> {
            let networks = self.hasher.networks(address.parse().unwrap());
            let hash = agent.map(|agent| self.hasher.hash((networks.own(), agent)));
            OpenLimits::count_viewer(&self.limits, networks, hash)
        }
    }

    #[test]
    fn a_network_has_a_limit_of_open_streams() {
        let fixture = Fixture::new();
        let mut streams: Vec<_> = (0..3).map(|_| fixture.stream("192.0.2.1").unwrap()).collect();
        assert!(fixture.stream("192.0.2.1").is_none());
        assert!(fixture.stream("192.0.2.2").is_some(), "other networks are not affected");
        streams.pop();
        assert!(fixture.stream("192.0.2.1").is_some());
        drop(streams);
        assert_eq!(fixture.limits.len(), 0);
    }

    #[test]
    fn a_prefix_has_four_times_the_streams_of_a_network() {
        let fixture = Fixture::new();
        let streams: Vec<_> = (0..100)
            .filter_map(|net| fixture.stream(&format!("2001:db8:0:{net}::1")))
            .collect();
        assert_eq!(streams.len(), 12);
        assert!(fixture.stream("2001:db8:1::1").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_streams_of_a_viewer_count_once_and_its_place_is_free_after_the_grace() {
        let fixture = Fixture::new();
        let one = [1, 1, 1].map(|agent| fixture.viewer("192.0.2.1", Some(agent)).unwrap());
        let two = fixture.viewer("192.0.2.1", Some(2)).unwrap();
        assert!(fixture.viewer("192.0.2.1", Some(3)).is_none());
        drop(two);
        assert!(
            fixture.viewer("192.0.2.1", Some(3)).is_none(),
            "the viewer is still shown"
        );
        let two = fixture.viewer("192.0.2.1", Some(2)).unwrap();
        drop((one, two));
        tokio::time::advance(GRACE).await;
        assert_eq!(fixture.limits.len(), 0);
        assert!(fixture.viewer("192.0.2.1", Some(3)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn each_stream_of_an_anonymous_viewer_counts() {
        let fixture = Fixture::new();
        let viewers = [None, None].map(|agent| fixture.viewer("192.0.2.1", agent).unwrap());
        assert!(fixture.viewer("192.0.2.1", None).is_none());
        drop(viewers);
        tokio::time::advance(GRACE).await;
        fixture.limits.clean_up();
        assert_eq!(fixture.limits.len(), 0);
        assert!(fixture.limits.open.lock().leaving.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_for_viewers_in_their_grace_is_bounded() {
        let fixture = Fixture::new();
        for number in 0..30_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number).to_string();
            drop(fixture.viewer(&address, Some(1)).unwrap());
        }
        assert_eq!(fixture.limits.open.lock().leaving.len(), MAX_LEAVING);
        assert!(fixture.limits.len() <= 2 * MAX_LEAVING);
    }
}
