//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use url::Url;

use crate::{
    publish::{Destination, PublishKind},
    server::Protocol,
};

/// Opens thousands of live streams and measures what they cost the server.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// What viewers open, such as http://127.0.0.1:3000/horizon/live/hello.
    #[arg(long)]
    pub url: Url,
    /// How viewers talk to the server.
    #[arg(long, value_enum, default_value_t)]
    pub protocol: Protocol,
    /// A process of the server; its descendants count too. May be given several times. Without it there are no figures
    /// of the server.
    #[arg(long)]
    pub pid: Vec<i32>,
    /// How many view.
    #[arg(long, default_value_t = 10_000)]
    pub viewers: usize,
    /// The most connections that open at the same time.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub in_flight: u16,
    /// What the report is called.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Where to publish, and what the server's messages are: post:URL (every message counts) or like:URL (the last
    /// numbers count). Say it where nothing is published too: with `like` a connection is good with the first numbers,
    /// with `post` and without it once the server accepts it.
    #[arg(long)]
    pub publish: Option<Destination>,
    /// How long the last message may take to everyone, in seconds.
    #[arg(long, default_value_t = 10)]
    pub patience: u32,
    /// How long no message must arrive before a phase begins, in seconds.
    #[arg(long, default_value_t = 2.0, value_parser = above_zero)]
    pub settle: f64,
    /// A file for the report as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// No progress bar.
    #[arg(long)]
    pub quiet: bool,
    /// What to measure.
    #[command(subcommand)]
    pub scenario: Scenario,
}

impl Options {
    /// What the server's messages are.
    #[must_use]
    pub fn kind(&self) -> PublishKind {
        self.publish
            .as_ref()
            .map_or(PublishKind::Post, |destination| destination.kind)
    }

    /// Viewers that will stop reading.
    #[must_use]
    pub fn stalled(&self) -> usize {
        match &self.scenario {
            Scenario::Stalled(stalled) => stalled.stalled,
            _ => 0,
        }
    }
}

/// What to measure.
#[derive(Clone, Debug, Subcommand, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Everyone views while messages are published: what a delivery costs and how long it takes.
    Deliveries(DeliveriesOptions),
    /// Everyone comes: what a join costs.
    Joins(JoinsOptions),
    /// Everyone views and nothing happens: what a connection costs.
    Idle(IdleOptions),
    /// Many messages a second: how many frames a viewer gets, and how long a like takes to everyone.
    Burst(BurstOptions),
    /// Some stop reading: what it does to the others and to the server's memory.
    Stalled(StalledOptions),
    /// Everyone's connection breaks and is opened again at once: how long until all show the right numbers.
    Storm,
    /// Viewers come and go all the time while messages are published.
    Churn(ChurnOptions),
}

/// Options of `deliveries`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct DeliveriesOptions {
    /// Messages in all.
    #[arg(long, default_value_t = 100)]
    pub messages: u32,
    /// Messages a second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub rate: f64,
}

/// Options of `joins`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct JoinsOptions {
    /// Measure the leaving too.
    #[arg(long)]
    pub leave: bool,
}

/// Options of `idle`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct IdleOptions {
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
}

/// Options of `burst`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct BurstOptions {
    /// Messages per second, sent without waiting for responses.
    #[arg(long, default_value_t = 5_000.0, value_parser = above_zero)]
    pub rate: f64,
    /// How long, in seconds.
    #[arg(long, default_value_t = 10)]
    pub seconds: u32,
    /// Connections that publish.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,
}

/// Options of `stalled`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct StalledOptions {
    /// Viewers who stop reading.
    #[arg(long, default_value_t = 200)]
    pub stalled: usize,
    /// How long each phase is, in seconds: all read, then the stalled do not.
    #[arg(long, default_value_t = 15)]
    pub seconds: u32,
    /// Messages a second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub rate: f64,
}

/// Options of `churn`.
#[derive(Clone, Debug, Args, Serialize)]
pub struct ChurnOptions {
    /// Viewers per second that are replaced.
    #[arg(long, default_value_t = 200.0, value_parser = above_zero)]
    pub rate: f64,
    /// How long, in seconds.
    #[arg(long, default_value_t = 30)]
    pub seconds: u32,
    /// Messages a second.
    #[arg(long, default_value_t = 10.0, value_parser = above_zero)]
    pub messages: f64,
}

/// A number that is above zero, and no more than a million.
fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err(format!("{text} is no number above 0")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        assert!(
            ["0", "-1", "NaN", "inf", "x"]
                .iter()
                .all(|text| above_zero(text).is_err())
        );
        assert_eq!(above_zero("0.5"), Ok(0.5));
    }
}
