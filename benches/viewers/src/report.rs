//! The report of a run, as JSON and as a table.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;
use serde_json::Value;

use crate::{
    bench::Bench,
    figures::Quantiles,
    options::Scenario,
    scenario::{Burst, Churn, Deliveries, Idle, Joins, Stalled, Storm},
    server::Protocol,
};

/// The report of a run. The name of each figure ends in its unit.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The name of the run.
    pub name: String,
    /// The scenario and its options.
    pub scenario: Scenario,
    /// The URL of the live stream.
    pub url: String,
    /// The protocol of the live stream.
    pub protocol: Protocol,
    /// The requested number of viewers.
    pub viewers: usize,
    /// Connections that failed or that the server closed, by reason.
    pub errors: BTreeMap<String, u64>,
    /// The joins.
    pub join: Join,
    /// The server's memory before and after the joins.
    pub memory: Memory,
    /// The figures of the scenario.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The joins of all viewers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Join {
    /// The number of open connections.
    pub connected: usize,
    /// The time that a connection took to open, in milliseconds: up to the first numbers if the server sends them at
    /// once,
    /// otherwise up to the server's acceptance.
    pub connect_ms: Option<Quantiles>,
    /// The time from the first start of a connection until the last was open, in seconds.
    pub wall_seconds: f64,
    /// The CPU time of the server until every viewer had the final number of viewers, in seconds.
    pub server_cpu_seconds: Option<f64>,
    /// The same per connection, in milliseconds.
    pub server_cpu_ms_per_join: Option<f64>,
    /// The CPU time of this program in the same period, in seconds.
    pub own_cpu_seconds: f64,
}

/// The server's memory before and after the joins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Resident memory before, in KiB.
    pub rss_before_kib: Option<u64>,
    /// Resident memory after, in KiB.
    pub rss_after_kib: Option<u64>,
    /// The growth per connection, in KiB.
    pub kib_per_connection: Option<f64>,
}

/// The figures of a scenario.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    /// Of `deliveries`.
    Deliveries(Deliveries),
    /// Of `joins`.
    Joins(Joins),
    /// Of `idle`.
    Idle(Idle),
    /// Of `burst`.
    Burst(Burst),
    /// Of `stalled`.
    Stalled(Stalled),
    /// Of `storm`.
    Storm(Storm),
    /// Of `churn`.
    Churn(Churn),
}

impl Bench {
    /// Returns the report of this run.
    #[must_use]
    pub fn report(&self, join: Join, memory: Memory, figures: Figures) -> Report {
        Report {
            name: self.options.name.clone(),
            scenario: self.options.scenario.clone(),
            url: self.options.url.to_string(),
            protocol: self.options.protocol,
            viewers: self.options.viewers,
            errors: self.errors(),
            join,
            memory,
            figures,
        }
    }

    /// Returns the connections that failed or that the server closed, by reason.
    #[must_use]
    pub fn errors(&self) -> BTreeMap<String, u64> {
        let mut errors = BTreeMap::new();
        for (_, failure) in self.pool.all().filter_map(|viewer| viewer.log().failed) {
            *errors.entry(failure.name()).or_insert(0) += 1;
        }
        errors
    }
}

impl Report {
    /// Returns the report as a table with one figure per line, named as in the JSON.
    ///
    /// # Errors
    /// A figure cannot be written as JSON.
    pub fn table(&self) -> anyhow::Result<String> {
        let mut rows = Vec::new();
        collect(&mut rows, String::new(), &serde_json::to_value(self)?);
        // The settings of the run come before its figures.
        rows.sort_by_key(|(name, _)| name.contains('.') && !name.starts_with("scenario."));
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut table = String::new();
        for (name, value) in rows {
            writeln!(table, "{name:width$}  {value}")?;
        }
        Ok(table)
    }
}

fn collect(rows: &mut Vec<(String, String)>, name: String, value: &Value) {
    match value {
        Value::Object(fields) if fields.contains_key("p50") => {
            let quantiles = ["p50", "p99", "max"]
                .iter()
                .filter_map(|name| Some((name, fields.get(*name)?)));
            let cells: Vec<_> = quantiles
                .map(|(name, value)| format!("{name} {}", cell(value)))
                .collect();
            rows.push((name, cells.join("  ")));
        }
        Value::Object(fields) if fields.is_empty() => rows.push((name, "none".into())),
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() {
                    field.clone()
                } else {
                    format!("{name}.{field}")
                };
                collect(rows, name, value);
            }
        }
        other => rows.push((name, cell(other))),
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or_else(String::new, |number| format!("{number:.3}")),
        other => other.to_string(),
    }
}
