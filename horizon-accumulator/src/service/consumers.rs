//! The consumers of the event bus and their state.

use std::fmt;

use horizon_backend::{Delivery, Health};
use horizon_core::{EventConsumer, Result};
use horizon_redis::{ConsumerConfig, RedisConsumer, RedisPubSubConsumer, StreamMonitor, StreamState};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::arguments::ServiceConfig;

/// How many consumers of the stream a service has: 2. While one publishes and acknowledges, the store counts a batch of
/// the other.
const STREAM_CONSUMERS: usize = 2;

pub(crate) struct BusConsumers {
    pub(crate) consumers: Vec<Box<dyn EventConsumer>>,
    pub(crate) state: BusState,
    pub(crate) monitors: Vec<StreamMonitor>,
}

/// The current state of the bus.
pub(crate) enum BusState {
    /// One for each consumer of the stream.
    Stream(Vec<Box<dyn Fn() -> StreamState + Send + Sync>>),
    /// Whether the channel was ever subscribed to, and the number of dropped events.
    Channel(Box<dyn Fn() -> (bool, u64) + Send + Sync>),
}

impl BusConsumers {
    /// Connects to the bus. Panics of background tasks are reported to `health`.
    pub(crate) fn connect(config: &ServiceConfig, health: &Health) -> Result<Self> {
        let redis = health.with_panic_reports(&config.redis);
        let (mut consumers, mut monitors): (Vec<Box<dyn EventConsumer>>, _) = (Vec::new(), Vec::new());
        let state = match config.delivery {
            Delivery::Stream => {
                let mut states = Vec::new();
                for number in 1..=STREAM_CONSUMERS {
                    let name = ConsumerConfig::new(format!("{}.{number}", config.node));
                    let consumer = RedisConsumer::connect(&redis, name)?;
                    states.push(Box::new(consumer.state()) as _);
                    monitors.push(consumer.monitor());
                    consumers.push(Box::new(consumer));
                }
                BusState::Stream(states)
            }
            Delivery::PubSub => {
                let consumer = RedisPubSubConsumer::connect(&redis)?;
                let state = BusState::Channel(Box::new(consumer.state()));
                consumers.push(Box::new(consumer));
                state
            }
        };
        Ok(Self {
            consumers,
            state,
            monitors,
        })
    }
}

impl BusState {
    /// Returns the state of all consumers together. Dropped events of a channel count as lost.
    pub(crate) fn total(&self) -> StreamState {
        let mut total = StreamState::default();
        match self {
            Self::Channel(state) => (_, total.lost) = state(),
            Self::Stream(states) => {
                for state in states.iter().map(|state| state()) {
                    // All consumers see the same stream.
                    total.unread = total.unread.max(state.unread);
                    total.pending = total.pending.max(state.pending);
                    total.claimed += state.claimed;
                    total.rejected += state.rejected;
                    total.lost += state.lost;
                }
            }
        }
        total
    }
}

impl Collector for BusState {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut gauge = |name, help, value: u64| metric(&mut encoder, name, help, &ConstGauge::new(value));
        match self {
            Self::Stream(_) => {
                let state = self.total();
                gauge(
                    "horizon_stream_unread",
                    "Events that no accumulator has read yet",
                    state.unread,
                )?;
                let pending = "Events that an accumulator has read and not yet acknowledged";
                gauge("horizon_stream_pending", pending, state.pending)?;
                let mut counter = |name, help, value: u64| metric(&mut encoder, name, help, &ConstCounter::new(value));
                let claimed = "Events that this accumulator took over from others";
                counter("horizon_stream_claimed", claimed, state.claimed)?;
                let refused = "Entries that are not events and were moved to analytics:refused";
                counter("horizon_stream_refused", refused, state.rejected)?;
                let lost = "Events that were removed before they were counted, found by this process first; alert on \
                            any value above zero";
                counter("horizon_stream_lost", lost, state.lost)
            }
            Self::Channel(state) => {
                let (is_subscribed, dropped) = state();
                let heard = "Whether the channel has been subscribed to since the start";
                gauge("horizon_channel_heard", heard, u64::from(is_subscribed))?;
                let help = "Events that were lost because they arrived faster than they could be counted";
                metric(
                    &mut encoder,
                    "horizon_channel_dropped",
                    help,
                    &ConstCounter::new(dropped),
                )
            }
        }
    }
}

fn metric(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

impl fmt::Debug for BusState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusState")
    }
}
