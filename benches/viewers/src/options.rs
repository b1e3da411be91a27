//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use url::Url;

use crate::{
    publish::{Destination, PublishKind},
    server::Protocol,
};

/// Opens thousands of live streams and measures their cost on the server.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// The URL of the live stream, such as http://127.0.0.1:3000/horizon/live/hello.
    #[arg(long)]
    pub url: Url,
    /// The protocol of the live stream.
    #[arg(long, value_enum, default_value_t)]
    pub protocol: Protocol,
    /// A process of the server; its descendants are included. May be repeated. Without it, the report has no figures of
    /// the server.
    #[arg(long)]
    pub pid: Vec<i32>,
    /// The number of viewers.
    #[arg(long, default_value_t = 10_000)]
    pub viewers: usize,
    /// The maximum number of connections that open at the same time.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub in_flight: u16,
    /// The name of the report.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Where to publish, and the kind of the server's messages: post:URL (every message counts) or like:URL (the latest
    /// numbers count). Set it also for scenarios that publish nothing: with `like`, a connection counts as open with
    /// the
    /// first numbers; with `post` or without this option, once the server accepts it.
    #[arg(long)]
    pub publish: Option<Destination>,
    /// The longest wait until everyone has the last message, in seconds.
    #[arg(long, default_value_t = 10)]
    pub patience: u32,
    /// Seconds without messages before a phase starts.
    #[arg(long, default_value_t = 2.0, value_parser = above_zero)]
    pub settle: f64,
    /// Writes the report to this file as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Shows no progress bar.
    #[arg(long)]
    pub quiet: bool,
    /// The scenario to measure.
    #[command(subcommand)]
    pub scenario: Scenario,
}

impl Options {
    /// Returns the kind of the server's messages.
    #[must_use]
    pub fn kind(&self) -> PublishKind {
        self.publish
            .as_ref()
            .map_or(PublishKind::Post, |destination| destination.kind)
    }

    /// Returns the number of viewers that will stop reading.
    #[must_use]
    pub fn stalled(&self) -> usize {
        match &self.scenario {
            Scenario::Stalled(stalled) => stalled.stalled,
            _ => 0,
        }
    }
}

/// What is measured.
#[derive(Clone, Debug, Subcommand, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Publishes messages to all viewers: cost and latency of a delivery.
    Deliveries(DeliveriesOptions),
    /// Connects all viewers: cost of a join.
    Joins(JoinsOptions),
    /// Keeps all viewers connected without messages: cost of a connection.
    Idle(IdleOptions),
    /// Publishes thousands of messages per second: frames per viewer, and latency of a like.
    Burst(BurstOptions),
    /// Some viewers stop reading: latency of the others, and memory.
    Stalled(StalledOptions),
    /// Breaks all connections and reconnects them at once: time until everyone has the right numbers.
    Storm,
    /// Viewers come and go while messages are published: lost messages.
    Churn(ChurnOptions),
}

/// Options of `deliveries`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct DeliveriesOptions {
    /// Number of messages.
    #[arg(long, default_value_t = 100)]
    pub messages: u32,
    /// Messages per second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub rate: f64,
}

/// Options of `joins`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct JoinsOptions {
    /// Also measure disconnecting.
    #[arg(long)]
    pub leave: bool,
}

/// Options of `idle`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct IdleOptions {
    /// The length of the phase, in seconds.
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
}

/// Options of `burst`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct BurstOptions {
    /// Messages per second, sent without waiting for responses.
    #[arg(long, default_value_t = 5_000.0, value_parser = above_zero)]
    pub rate: f64,
    /// The length of the phase, in seconds.
    #[arg(long, default_value_t = 10)]
    pub seconds: u32,
    /// Number of connections that publish.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,
}

/// Options of `stalled`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct StalledOptions {
    /// Number of viewers that stop reading.
    #[arg(long, default_value_t = 200)]
    pub stalled: usize,
    /// The length of each of the two phases, in seconds. The viewers stop reading in the second one.
    #[arg(long, default_value_t = 15)]
    pub seconds: u32,
    /// Messages per second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub rate: f64,
}

/// Options of `churn`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct ChurnOptions {
    /// Viewers replaced per second.
    #[arg(long, default_value_t = 200.0, value_parser = above_zero)]
    pub rate: f64,
    /// The length of the phase, in seconds.
    #[arg(long, default_value_t = 30)]
    pub seconds: u32,
    /// Messages per second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub messages: f64,
}

/// Parses a number above 0 and at most a million.
fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err(format!("{text} is not a number between 0 and 1,000,000")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_rate_of_zero_is_rejected() {
        assert!(
            ["0", "-1", "NaN", "inf", "x"]
                .iter()
                .all(|text| above_zero(text).is_err())
        );
        assert_eq!(above_zero("0.5"), Ok(0.5));
    }
}
