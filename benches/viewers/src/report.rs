//! What a run found out, for machines as JSON and for addresses as a table of the same.

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

/// What a run found out. Each figure's unit is in its name.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the run is called.
    pub name: String,
    /// What was measured, and with which options.
    pub scenario: Scenario,
    /// What was opened.
    pub url: String,
    /// How.
    pub protocol: Protocol,
    /// How many should view.
    pub viewers: usize,
    /// Connections that failed or were ended by the server, by why.
    pub errors: BTreeMap<String, u64>,
    /// Everyone's coming.
    pub join: Join,
    /// The server's memory over everyone's coming.
    pub memory: Memory,
    /// What the scenario is about.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Everyone's coming.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Join {
    /// How many connected.
    pub connected: usize,
    /// From the start of a connection until it is good, in milliseconds: until the first numbers where the server sends
    /// them at once, else until it accepts.
    pub connect_ms: Option<Quantiles>,
    /// From the first start until the last is good, in seconds.
    pub wall_seconds: f64,
    /// The CPU time of the server until every viewer had the final number of viewers, in seconds.
    pub server_cpu_seconds: Option<f64>,
    /// The same for each who connected, in milliseconds.
    pub server_cpu_ms_per_join: Option<f64>,
    /// This program's seconds on a processor meanwhile.
    pub own_cpu_seconds: f64,
}

/// The server's memory over everyone's coming.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Resident before, in KiB.
    pub rss_before_kib: Option<u64>,
    /// Resident afterwards, in KiB.
    pub rss_after_kib: Option<u64>,
    /// The growth for each who connected, in KiB.
    pub kib_per_connection: Option<f64>,
}

/// What a scenario is about.
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
    /// The report of this run.
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

    /// Connections that failed or were ended by the server, by why.
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
    /// The report as a table: a line for each figure, with its name as in the JSON.
    ///
    /// # Errors
    /// When a figure cannot be written as JSON.
    pub fn table(&self) -> anyhow::Result<String> {
        let mut rows = Vec::new();
        collect(&mut rows, String::new(), &serde_json::to_value(self)?);
        // What the run was comes before what it found.
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
