//! Where the viewers of this process came from.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use horizon_core::{VisitContext, VisitorKey};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::visit_queue::whole_seconds;

/// How long the source of a visitor without a connection is known: 30 minutes, like the gap that ends a session.
const RETENTION: Duration = Duration::from_secs(30 * 60);

/// How long a visitor counts after their last connection closed: 3 seconds, like a viewer.
const GRACE: Duration = Duration::from_secs(3);

/// The largest number of visitors whose source is known: 100,000, about 7 MB.
const MAX_VISITORS: usize = 100_000;

/// The shortest time between two searches for visitors to forget while the map is full: 10 seconds.
const EVICTION_INTERVAL: Duration = Duration::from_secs(10);

/// The capacity that is never given back: 1,024 visitors.
const MIN_CAPACITY: usize = 1_024;

/// The sources of the visitors who are connected to this process or were so in the last 30 minutes.
///
/// A visitor has the source of their first connection, until they are away for longer than that: the source of the
/// session in the reports. A visitor whose first connection was opened again, such as after a restart of this process,
/// has the source of their next page.
pub(crate) struct ViewerSources(Mutex<SourcesState>);

struct SourcesState {
    visitors: HashMap<VisitorKey, VisitorSource>,
    /// The names of all sources in `visitors`, each allocated once.
    names: HashSet<Arc<str>>,
    started: Instant,
    evicted: Option<Instant>,
}

/// The source of a visitor.
struct VisitorSource {
    /// Empty for a direct visit; `None` if no connection had a context.
    source: Option<Arc<str>>,
    connections: u32,
    /// When the last connection closed, in seconds since the start.
    left: u32,
    /// Whether the key has no meaning after the connection.
    is_anonymous: bool,
}

/// The source of a connection.
pub(crate) struct ConnectionSource {
    /// `None` for a stream that is opened again.
    source: Option<Box<str>>,
    is_anonymous: bool,
}

/// Counts a connection until it is dropped.
pub(crate) struct SourceGuard {
    sources: Arc<ViewerSources>,
    visitor: VisitorKey,
}

impl ConnectionSource {
    /// Returns the source of a connection with this context. An anonymous visitor has a key for this connection only.
    pub(crate) fn new(context: Option<&VisitContext>, is_anonymous: bool) -> Self {
        let source = context.map(|context| context.source.as_ref().map_or("", |source| source.as_str()));
        Self {
            source: source.map(Box::from),
            is_anonymous,
        }
    }
}

impl ViewerSources {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(SourcesState {
            visitors: HashMap::new(),
            names: HashSet::new(),
            started: Instant::now(),
            evicted: None,
        })))
    }

    /// Counts a connection until the guard is dropped. Returns `None` if there are too many visitors.
    pub(crate) fn open(this: &Arc<Self>, visitor: VisitorKey, connection: ConnectionSource) -> Option<SourceGuard> {
        let is_counted = this.0.lock().open(visitor, connection, Instant::now());
        is_counted.then(|| SourceGuard {
            sources: Arc::clone(this),
            visitor,
        })
    }

    /// Returns the number of viewers of each source, in any order. The empty source is that of direct visits and of
    /// viewers whose source is not known.
    pub(crate) fn viewers(&self) -> HashMap<Arc<str>, u64> {
        let state = self.0.lock();
        let (now, grace) = (state.seconds(Instant::now()), whole_seconds(GRACE));
        let (mut viewers, mut without_source) = (HashMap::new(), 0);
        for visitor in state.visitors.values() {
            if visitor.connections == 0 && now.saturating_sub(visitor.left) >= grace {
                continue;
            }
            match &visitor.source {
                Some(source) => *viewers.entry(Arc::clone(source)).or_default() += 1,
                None => without_source += 1,
            }
        }
        if without_source > 0 {
            *viewers.entry(Arc::from("")).or_default() += without_source;
        }
        viewers
    }

    /// Forgets the visitors who are away for long enough.
    pub(crate) fn clean_up(&self) {
        self.0.lock().retain(RETENTION, Instant::now());
    }
}

impl SourcesState {
    fn open(&mut self, visitor: VisitorKey, connection: ConnectionSource, now: Instant) -> bool {
        if self.visitors.len() >= MAX_VISITORS && !self.visitors.contains_key(&visitor) && !self.evict(now) {
            return false;
        }
        let source = connection.source.map(|name| self.name(&name));
        let now = self.seconds(now);
        let new = VisitorSource {
            source: None,
            connections: 0,
            left: now,
            is_anonymous: connection.is_anonymous,
        };
        let known = self.visitors.entry(visitor).or_insert(new);
        if known.connections == 0 && now.saturating_sub(known.left) >= whole_seconds(RETENTION) {
            known.source = None;
        }
        known.connections += 1;
        known.source = known.source.take().or(source);
        true
    }

    fn close(&mut self, visitor: VisitorKey, now: Instant) {
        let now = self.seconds(now);
        if let Some(known) = self.visitors.get_mut(&visitor) {
            known.connections -= 1;
            known.left = now;
        }
    }

    /// Forgets all visitors who left. Returns whether there is room for another one.
    fn evict(&mut self, now: Instant) -> bool {
        let is_due = |evicted| now.duration_since(evicted) >= EVICTION_INTERVAL;
        if self.evicted.is_none_or(is_due) {
            self.evicted = Some(now);
            self.retain(GRACE, now);
        }
        self.visitors.len() < MAX_VISITORS
    }

    /// Forgets the visitors who left longer ago than `retention`.
    fn retain(&mut self, retention: Duration, now: Instant) {
        let (now, retention, grace) = (self.seconds(now), whole_seconds(retention), whole_seconds(GRACE));
        self.visitors.retain(|_, visitor| {
            let retention = if visitor.is_anonymous { grace } else { retention };
            visitor.connections > 0 || now.saturating_sub(visitor.left) < retention
        });
        self.names.retain(|name| Arc::strong_count(name) > 1);
        let needed = self.visitors.len().max(MIN_CAPACITY);
        if self.visitors.capacity() / 4 > needed {
            self.visitors.shrink_to(2 * needed);
            self.names.shrink_to_fit();
        }
    }

    /// Returns the only copy of this name.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Returns the seconds since the start.
    fn seconds(&self, now: Instant) -> u32 {
        whole_seconds(now.saturating_duration_since(self.started))
    }
}

impl Drop for SourceGuard {
    fn drop(&mut self) {
        self.sources.0.lock().close(self.visitor, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use horizon_core::ContextValue;
    use tokio::time::advance;

    use super::*;

    const ADA: VisitorKey = VisitorKey::from_u128(1);
    const BEN: VisitorKey = VisitorKey::from_u128(2);

    fn from(source: &str) -> ConnectionSource {
        let mut context = VisitContext::default();
        context.source = (!source.is_empty()).then(|| ContextValue::new(source));
        ConnectionSource::new(Some(&context), false)
    }

    fn reopened() -> ConnectionSource {
        ConnectionSource::new(None, false)
    }

    fn viewers(sources: &ViewerSources) -> Vec<(String, u64)> {
        let viewers = sources.viewers();
        let mut viewers: Vec<_> = viewers
            .iter()
            .map(|(name, viewers)| (name.to_string(), *viewers))
            .collect();
        viewers.sort();
        viewers
    }

    fn list(viewers: &[(&str, u64)]) -> Vec<(String, u64)> {
        viewers
            .iter()
            .map(|(name, viewers)| ((*name).to_owned(), *viewers))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_visitor_counts_once_with_the_source_of_the_first_page() {
        let sources = ViewerSources::new();
        let first = ViewerSources::open(&sources, ADA, from("google")).unwrap();
        let second = ViewerSources::open(&sources, ADA, from("")).unwrap();
        let ben = ViewerSources::open(&sources, BEN, from("")).unwrap();
        assert_eq!(viewers(&sources), list(&[("", 1), ("google", 1)]));
        drop(first);
        let other = ViewerSources::open(&sources, ADA, from("reddit")).unwrap();
        assert_eq!(viewers(&sources), list(&[("", 1), ("google", 1)]));
        drop((second, other, ben));
        assert_eq!(viewers(&sources), list(&[("", 1), ("google", 1)]), "the grace");
        advance(GRACE).await;
        assert_eq!(viewers(&sources), list(&[]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_is_known_for_30_minutes_after_the_last_connection() {
        let sources = ViewerSources::new();
        drop(ViewerSources::open(&sources, ADA, from("google")).unwrap());
        advance(RETENTION - Duration::from_secs(1)).await;
        sources.clean_up();
        drop(ViewerSources::open(&sources, ADA, reopened()).unwrap());
        assert_eq!(viewers(&sources), list(&[("google", 1)]));
        advance(RETENTION).await;
        let again = ViewerSources::open(&sources, ADA, from("reddit")).unwrap();
        assert_eq!(
            viewers(&sources),
            list(&[("reddit", 1)]),
            "without a cleanup in between"
        );
        drop(again);
        advance(RETENTION).await;
        sources.clean_up();
        let state = sources.0.lock();
        assert!(state.visitors.is_empty() && state.names.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_is_opened_again_says_nothing_about_the_source() {
        let sources = ViewerSources::new();
        let _again = ViewerSources::open(&sources, ADA, reopened()).unwrap();
        assert_eq!(viewers(&sources), list(&[("", 1)]));
        let _next = ViewerSources::open(&sources, ADA, from("google")).unwrap();
        assert_eq!(viewers(&sources), list(&[("google", 1)]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_key_of_an_anonymous_visitor_is_forgotten_after_the_grace() {
        let sources = ViewerSources::new();
        let anonymous = ConnectionSource::new(None, true);
        drop(ViewerSources::open(&sources, ADA, anonymous).unwrap());
        advance(GRACE).await;
        sources.clean_up();
        assert!(sources.0.lock().visitors.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn visitors_who_left_make_room_and_viewers_stay() {
        let sources = ViewerSources::new();
        let key = |number: usize| VisitorKey::from_u128(number as u128);
        let open = |number| ViewerSources::open(&sources, key(number), from("google"));
        let mut guards: Vec<_> = (0..MAX_VISITORS).map(|number| open(number).unwrap()).collect();
        assert!(open(MAX_VISITORS).is_none());
        guards.truncate(10);
        advance(EVICTION_INTERVAL).await;
        guards.push(open(MAX_VISITORS).unwrap());
        assert_eq!(viewers(&sources), list(&[("google", 11)]));
        drop(guards);
        sources.clean_up();
        let capacity = sources.0.lock().visitors.capacity();
        assert!(capacity < MAX_VISITORS, "{capacity}");
    }

    #[test]
    fn a_visitor_and_a_connection_need_few_bytes() {
        assert_eq!(size_of::<(VisitorKey, VisitorSource)>(), 48);
        assert!(size_of::<Option<SourceGuard>>() <= 32);
    }
}
