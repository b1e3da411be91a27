//! The limit of new values that a network adds to the dimensions of the reports.

use horizon_core::{ContextValue, Timestamp, VisitContext, reports::OTHER_VALUE};

use super::{ClientLimits, Networks};

impl ClientLimits {
    /// Replaces the values beyond the limit of the network, so that no network can fill the dimensions of a day. Only
    /// values that a client can choose freely count; the others have few values.
    pub(crate) fn limit_values(&self, context: &mut VisitContext, networks: Networks, now: Timestamp) {
        let free = [
            ("source", &mut context.source),
            ("medium", &mut context.medium),
            ("campaign", &mut context.campaign),
            ("term", &mut context.term),
            ("content", &mut context.content),
            ("browser", &mut context.browser),
            ("system", &mut context.system),
            ("language", &mut context.language),
        ];
        for (dimension, value) in free {
            let Some(value) = value else { continue };
            if !self.daily.count_value(now.day(), networks, dimension, value.as_str()) {
                *value = ContextValue::new(OTHER_VALUE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Config, metrics::Metrics};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn a_network_adds_a_limited_number_of_values_and_known_ones_are_free() {
        let mut config = Config::default();
        config.network_limits.new_values = 3;
        let limits = ClientLimits::new(&config, Arc::new(Metrics::new(Default::default())), NOW);
        let source = |address: &str, source: &str| {
            let mut context = VisitContext::default();
            context.source = Some(ContextValue::new(source));
            limits.limit_values(&mut context, limits.networks(address.parse().unwrap()), NOW);
            context.source.unwrap().as_str().to_owned()
        };
        for name in ["a", "b", "c"] {
            assert_eq!(source("192.0.2.1", name), name);
        }
        assert_eq!(source("192.0.2.1", "d"), "(other)");
        assert_eq!(source("192.0.2.1", "a"), "a", "a known value");
        assert_eq!(source("192.0.2.2", "d"), "d", "another network");
        assert_eq!(source("192.0.2.1", "d"), "d", "known now");
    }
}
