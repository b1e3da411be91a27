//! The JSON report of the load generator.

use anyhow::Context;
use serde_json::Value;

/// A report of the load generator.
#[derive(Debug)]
pub(crate) struct JsonReport(Value);

impl JsonReport {
    /// Reads the file of the generator.
    pub(crate) fn read(json: &[u8]) -> anyhow::Result<Self> {
        serde_json::from_slice(json)
            .map(Self)
            .context("the generator's report is not JSON")
    }

    /// Returns the figure at this path, such as `/join/server_cpu_seconds`.
    pub(crate) fn figure(&self, path: &str) -> anyhow::Result<f64> {
        self.find(path)
            .with_context(|| format!("the generator's report has no {path}: {}", self.0))
    }

    /// Returns the figure at this path, if the report has it.
    pub(crate) fn find(&self, path: &str) -> Option<f64> {
        self.0.pointer(path).and_then(Value::as_f64)
    }

    /// Returns p50, p99 and maximum of latencies in milliseconds.
    pub(crate) fn milliseconds(&self, path: &str) -> anyhow::Result<[f64; 3]> {
        Ok([
            self.figure(&format!("{path}/p50"))?,
            self.figure(&format!("{path}/p99"))?,
            self.figure(&format!("{path}/max"))?,
        ])
    }

    /// Returns the connection errors and their numbers, or an empty text.
    pub(crate) fn errors(&self) -> String {
        let errors = self.0.pointer("/errors").and_then(Value::as_object);
        let errors = errors.into_iter().flatten();
        let texts: Vec<String> = errors.map(|(why, count)| format!("{count} × {why}")).collect();
        texts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_path() {
        let report = JsonReport::read(br#"{"join":{"connect_ms":{"p50":1.5,"p99":2,"max":3}},"errors":{"timeout":2}}"#);
        let report = report.unwrap();
        assert_eq!(report.milliseconds("/join/connect_ms").unwrap(), [1.5, 2.0, 3.0]);
        assert_eq!(report.errors(), "2 × timeout");
        assert!(
            report
                .figure("/join/wall_seconds")
                .unwrap_err()
                .to_string()
                .contains("wall_seconds")
        );
    }
}
