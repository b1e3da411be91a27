//! The end of the pipe where events come out, and how the pipe stands.

use std::fmt;

use horizon_core::{EventConsumer, Result};
use horizon_redis::{BusMonitor, ConsumerConfig, RedisConsumer, RedisPubSubConsumer, StreamState};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::Service;
use horizon_backend::{Delivery, Health};

/// How many readers of the stream one service has. While one tells and acknowledges what is counted, the store counts
/// for the other.
const READERS: usize = 2;

/// How the pipe stands, whenever it is asked.
pub(crate) enum Standing {
    /// As each reader of the stream sees it.
    Stream(Vec<Box<dyn Fn() -> StreamState + Send + Sync>>),
    /// Whether events have been listened to since the start, and how many found no place.
    Channel(Box<dyn Fn() -> (bool, u64) + Send + Sync>),
}

/// What a service counts from.
pub(crate) struct Pipe {
    pub(crate) feeds: Vec<Box<dyn EventConsumer>>,
    pub(crate) standing: Standing,
    pub(crate) monitors: Vec<BusMonitor>,
}

/// Opens the pipe that this service counts from. A task behind it that panics is reported to `health`.
pub(crate) fn open(service: &Service, health: &Health) -> Result<Pipe> {
    let redis = health.watch_redis(&service.redis);
    match service.delivery {
        Delivery::Stream => {
            let (mut feeds, mut states, mut monitors) = (Vec::new(), Vec::new(), Vec::new());
            for reader in 1..=READERS {
                let name = ConsumerConfig::new(format!("{}.{reader}", service.node));
                let feed = RedisConsumer::connect(&redis, name)?;
                states.push(Box::new(feed.state()) as _);
                monitors.push(feed.monitor());
                feeds.push(Box::new(feed) as _);
            }
            Ok(Pipe {
                feeds,
                standing: Standing::Stream(states),
                monitors,
            })
        }
        Delivery::PubSub => {
            let feed = RedisPubSubConsumer::connect(&redis)?;
            let standing = Standing::Channel(Box::new(feed.state()));
            Ok(Pipe {
                feeds: vec![Box::new(feed)],
                standing,
                monitors: Vec::new(),
            })
        }
    }
}

impl Standing {
    /// The same of either kind; in a channel nothing waits, and what found no place is lost.
    pub(crate) fn state(&self) -> StreamState {
        match self {
            Self::Stream(states) => states
                .iter()
                .map(|state| state())
                .fold(StreamState::default(), together),
            Self::Channel(state) => {
                let mut stands = StreamState::default();
                (_, stands.lost) = state();
                stands
            }
        }
    }
}

/// What two readers of one stream see: both see all that waits, and each does its own.
fn together(one: StreamState, other: StreamState) -> StreamState {
    let mut both = StreamState::default();
    both.unread = one.unread.max(other.unread);
    both.pending = one.pending.max(other.pending);
    both.claimed = one.claimed + other.claimed;
    both.refused = one.refused + other.refused;
    both.lost = one.lost + other.lost;
    both
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut lines = Lines(&mut encoder);
        match self {
            Self::Stream(_) => lines.stream(self.state()),
            Self::Channel(state) => lines.channel(state()),
        }
    }
}

struct Lines<'a, 'e>(&'a mut DescriptorEncoder<'e>);

impl Lines<'_, '_> {
    fn stream(&mut self, state: StreamState) -> fmt::Result {
        self.gauge(
            "horizon_stream_unread",
            "Events that no accumulator has read yet",
            state.unread,
        )?;
        self.gauge(
            "horizon_stream_pending",
            "Events that some accumulator has read and not yet acknowledged",
            state.pending,
        )?;
        self.counter(
            "horizon_stream_claimed",
            "Events that this accumulator took over from others",
            state.claimed,
        )?;
        self.counter(
            "horizon_stream_refused",
            "Entries that held no event and were put aside to analytics:refused",
            state.refused,
        )?;
        self.counter(
            "horizon_stream_lost",
            "Events that were removed before they were counted, found by this process first; anything but zero is an \
             alarm",
            state.lost,
        )
    }

    fn channel(&mut self, (heard, dropped): (bool, u64)) -> fmt::Result {
        self.gauge(
            "horizon_channel_heard",
            "Whether events have been listened to since the start",
            u64::from(heard),
        )?;
        self.counter(
            "horizon_channel_dropped",
            "Events that came faster than they could be counted, and are lost",
            dropped,
        )
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.line(name, help, &ConstGauge::new(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.line(name, help, &ConstCounter::new(value))
    }

    fn line(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        metric.encode(self.0.encode_descriptor(name, help, None, metric.metric_type())?)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Standing")
    }
}
