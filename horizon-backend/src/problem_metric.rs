//! The problems of a process as a metric.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::{MetricType, gauge::ConstGauge};

use crate::Health;

impl Collector for Health {
    /// Writes `horizon_problem{part="…"} 1` for each part that has a problem.
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "horizon_problem",
            "Parts of this process that cannot do their work; /readyz says why",
            None,
            MetricType::Gauge,
        )?;
        let tasks = self.first_panic().map(|_| "tasks");
        let parts: Vec<_> = self.parts().keys().copied().chain(tasks).collect();
        for part in parts {
            let gauge = ConstGauge::new(1_u64);
            gauge.encode(family.encode_family(&[("part", part)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn each_part_with_a_problem_is_a_line() {
        let (health, mut registry) = (Health::default(), Registry::default());
        registry.register_collector(Box::new(health.clone()));
        let text = || {
            let mut text = String::new();
            encode(&mut text, &registry).unwrap();
            text
        };
        assert!(!text().contains("part="), "{}", text());
        health.fail("clock", "it is two hours ahead");
        assert!(text().contains("horizon_problem{part=\"clock\"} 1\n"), "{}", text());
    }
}
