use clap::Args;
use eventhorizon::{NetworkLimits, Rate, Rates};

/// The limits of each client network: an IPv4 address or an IPv6 /64. A /48 has four times as much.
#[derive(Clone, Copy, Debug, Args)]
pub struct LimitArgs {
    /// The rate of comments of a network: how many a minute, and how many at once.
    #[arg(
        long,
        env = "HORIZON_RATE_COMMENTS",
        value_name = "HORIZON_RATE_COMMENTS",
        default_value_t = Rates::default().comments
    )]
    pub rate_comments: Rate,
    /// The rate of likes and unlikes of a network.
    #[arg(
        long,
        env = "HORIZON_RATE_LIKES",
        value_name = "HORIZON_RATE_LIKES",
        default_value_t = Rates::default().likes
    )]
    pub rate_likes: Rate,
    /// The rate of custom events of a network.
    #[arg(
        long,
        env = "HORIZON_RATE_EVENTS",
        value_name = "HORIZON_RATE_EVENTS",
        default_value_t = Rates::default().events
    )]
    pub rate_events: Rate,
    /// The rate at which a network opens live streams.
    #[arg(
        long,
        env = "HORIZON_RATE_LIVE_STREAMS",
        value_name = "HORIZON_RATE_LIVE_STREAMS",
        default_value_t = Rates::default().live_streams
    )]
    pub rate_live_streams: Rate,
    /// The rate of new visitors of a network. Further ones are not counted.
    #[arg(
        long,
        env = "HORIZON_RATE_VISITORS",
        value_name = "HORIZON_RATE_VISITORS",
        default_value_t = Rates::default().visitors
    )]
    pub rate_visitors: Rate,
    /// The number of open live streams of a network.
    #[arg(
        long,
        env = "HORIZON_NETWORK_LIVE_STREAMS",
        value_name = "HORIZON_NETWORK_LIVE_STREAMS",
        default_value_t = NetworkLimits::default().live_streams
    )]
    pub network_live_streams: u32,
    /// The number of distinct viewers of a network at a time. Further ones are not counted.
    #[arg(
        long,
        env = "HORIZON_NETWORK_VIEWERS",
        value_name = "HORIZON_NETWORK_VIEWERS",
        default_value_t = NetworkLimits::default().viewers
    )]
    pub network_viewers: u32,
    /// The number of likes of a post by a network on one day; ten times that for all posts.
    #[arg(
        long,
        env = "HORIZON_NETWORK_LIKES",
        value_name = "HORIZON_NETWORK_LIKES",
        default_value_t = NetworkLimits::default().likes
    )]
    pub network_likes: u32,
    /// The same for readers without a cookie, if the network has not opened the post on that day.
    #[arg(
        long,
        env = "HORIZON_NETWORK_LIKES_WITHOUT_VISIT",
        value_name = "HORIZON_NETWORK_LIKES_WITHOUT_VISIT",
        default_value_t = NetworkLimits::default().likes_without_visit
    )]
    pub network_likes_without_visit: u32,
    /// The number of comments of a network on one day.
    #[arg(
        long,
        env = "HORIZON_NETWORK_COMMENTS",
        value_name = "HORIZON_NETWORK_COMMENTS",
        default_value_t = NetworkLimits::default().comments
    )]
    pub network_comments: u32,
    /// The number of custom events of a network on one day.
    #[arg(
        long,
        env = "HORIZON_NETWORK_EVENTS",
        value_name = "HORIZON_NETWORK_EVENTS",
        default_value_t = NetworkLimits::default().events
    )]
    pub network_events: u32,
    /// The number of new sources, campaigns and other values of visits that a network adds on one day. Further ones are
    /// recorded as `(other)`.
    #[arg(
        long,
        env = "HORIZON_NETWORK_NEW_VALUES",
        value_name = "HORIZON_NETWORK_NEW_VALUES",
        default_value_t = NetworkLimits::default().new_values
    )]
    pub network_new_values: u32,
}

impl LimitArgs {
    pub(crate) fn configure(self, config: &mut eventhorizon::Config) {
        config.rates.comments = self.rate_comments;
        config.rates.likes = self.rate_likes;
        config.rates.events = self.rate_events;
        config.rates.live_streams = self.rate_live_streams;
        config.rates.visitors = self.rate_visitors;
        config.network_limits.live_streams = self.network_live_streams;
        config.network_limits.viewers = self.network_viewers;
        config.network_limits.likes = self.network_likes;
        config.network_limits.likes_without_visit = self.network_likes_without_visit;
        config.network_limits.comments = self.network_comments;
        config.network_limits.events = self.network_events;
        config.network_limits.new_values = self.network_new_values;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    fn configured(arguments: &[&str]) -> eventhorizon::Config {
        let arguments = [&["horizon-web"], arguments].concat();
        let mut config = eventhorizon::Config::default();
        let args = Cli::try_parse_from(arguments).unwrap().serve.limits;
        args.configure(&mut config);
        config
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let (config, expected) = (configured(&[]), eventhorizon::Config::default());
        assert_eq!(config.rates, expected.rates);
        assert_eq!(config.network_limits, expected.network_limits);
    }

    #[test]
    fn every_limit_can_be_set() {
        let rates = [
            "--rate-comments=1/11",
            "--rate-likes=2/12",
            "--rate-live-streams=3/13",
            "--rate-visitors=4/14",
            "--rate-events=5/15",
        ];
        let limits = [
            "--network-live-streams=5",
            "--network-viewers=6",
            "--network-likes=7",
            "--network-likes-without-visit=8",
            "--network-comments=9",
            "--network-events=10",
            "--network-new-values=11",
        ];
        let config = configured(&[rates.as_slice(), &limits].concat());
        let Rates {
            comments,
            likes,
            live_streams,
            visitors,
            events,
            ..
        } = config.rates;
        let rates = [comments, likes, live_streams, visitors, events].map(|rate| rate.to_string());
        assert_eq!(rates, ["1/11", "2/12", "3/13", "4/14", "5/15"]);
        let limits = config.network_limits;
        assert_eq!([limits.live_streams, limits.viewers, limits.likes], [5, 6, 7]);
        assert_eq!([limits.likes_without_visit, limits.comments, limits.events], [8, 9, 10]);
        assert_eq!(limits.new_values, 11);
    }

    #[test]
    fn an_invalid_rate_is_reported_with_its_setting() {
        for value in ["60", "60/", "0/1", "1/0", "1/2/3", "a/b", "-1/1"] {
            let error = Cli::try_parse_from(["horizon-web", &format!("--rate-likes={value}")]).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("HORIZON_RATE_LIKES") && error.contains("such as `60/10`"),
                "{error}"
            );
        }
    }
}
