use std::time::Duration;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use eventhorizon::{Config, Decision, EventKind, Moderation, PrivacySignals, ProposedEvent};
use horizon_core::{EventName, Topic};

/// The events that the blog's own pages send: clicks on links to other hosts and to files.
const LINK_EVENTS: [&str; 2] = ["outbound", "download"];

/// What readers may do, and how they are counted.
#[derive(Clone, Debug, Args)]
pub struct ReaderArgs {
    /// When comments are moderated: after or before they are published.
    #[arg(
        long,
        env = "HORIZON_MODERATION",
        value_name = "HORIZON_MODERATION",
        default_value = "after",
        value_parser = PossibleValuesParser::new(["after", "first"]).map(|name| parse_moderation(&name))
    )]
    pub moderation: Moderation,
    /// The effect of `Sec-GPC: 1` and `DNT: 1`: count the reader anonymously, ignore the signal, or do not count.
    #[arg(
        long,
        env = "HORIZON_SIGNALS",
        value_name = "HORIZON_SIGNALS",
        default_value = "count",
        value_parser = PossibleValuesParser::new(["count", "ignore", "drop"]).map(|name| parse_signals(&name))
    )]
    pub signals: PrivacySignals,
    /// The custom events that readers may send besides `outbound` and `download`, those of links: names separated by
    /// commas, such as reactions. None by default, because names cannot be removed and are part of every page's
    /// numbers.
    #[arg(long, env = "HORIZON_EVENTS", value_name = "HORIZON_EVENTS", value_delimiter = ',')]
    pub events: Vec<EventName>,
    /// How long a reader who left may count if a proxy does not report closed connections, in seconds from 1 to 60.
    #[arg(
        long,
        env = "HORIZON_HEARTBEAT",
        value_name = "HORIZON_HEARTBEAT",
        default_value = "20",
        value_parser = clap::value_parser!(u64).range(Config::MIN_HEARTBEAT.as_secs()..=Config::MAX_HEARTBEAT.as_secs())
    )]
    pub heartbeat: u64,
}

impl ReaderArgs {
    /// Returns the policy that accepts only these custom events, and likes and comments only of posts.
    pub(crate) fn event_policy(&self) -> impl Fn(&ProposedEvent<'_>) -> Decision + Send + Sync + 'static {
        let accepted = self.events.clone();
        move |proposed| match proposed.kind {
            EventKind::Custom { name, .. } if !accepted.contains(name) && !LINK_EVENTS.contains(&name.as_str()) => {
                Decision::Reject("This site has no custom event of this name.".into())
            }
            EventKind::Like { .. } | EventKind::Comment { .. } if !is_post(proposed.topic) => {
                Decision::Reject("Only posts have likes and comments.".into())
            }
            _ => Decision::Accept,
        }
    }

    /// Returns how long a reader who left may count.
    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat)
    }
}

/// Returns whether the topic is a post. Other pages have names with a slash.
fn is_post(topic: &Topic) -> bool {
    topic.slug().is_some_and(|slug| !slug.as_str().contains('/'))
}

fn parse_moderation(name: &str) -> Moderation {
    match name {
        "first" => Moderation::BeforePublishing,
        _ => Moderation::AfterPublishing,
    }
}

fn parse_signals(name: &str) -> PrivacySignals {
    match name {
        "ignore" => PrivacySignals::Ignore,
        "drop" => PrivacySignals::Drop,
        _ => PrivacySignals::Count,
    }
}
