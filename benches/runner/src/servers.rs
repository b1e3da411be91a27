//! The first table: EventHorizon and other servers with the same viewers.

use std::fmt::Write;

use horizon_bench_peers::{CpuPlacement, Peer};

use crate::{
    load::LoadGenerator,
    report::JsonReport,
    subject::{BenchedServer, SubjectKind},
    text::short,
};

/// The number of messages and their rate per second.
const MESSAGES: [&str; 4] = ["--messages", "100", "--rate", "10"];

/// The time between two messages, in milliseconds.
const PAUSE: f64 = 100.0;

const HEAD: &str = "\
| server | CPU s per million deliveries | × floor | KiB per connection | bytes per delivery \
| publish → receive ms, p50 / p99 / max | lost or stale | join CPU s |
|---|--:|--:|--:|--:|--:|--:|--:|
";

/// The figures of one server.
#[derive(Debug)]
pub(crate) struct ServerRow {
    kind: SubjectKind,
    cpu_per_million: f64,
    kib_per_connection: f64,
    bytes_per_delivery: f64,
    milliseconds: [f64; 3],
    lost: f64,
    join_cpu: f64,
    /// Messages that the server did not accept.
    refused: f64,
    errors: String,
}

/// Starts the server and measures it.
pub(crate) async fn measure(
    kind: SubjectKind,
    server: CpuPlacement,
    load: &LoadGenerator,
    viewers: usize,
) -> anyhow::Result<ServerRow> {
    let subject = BenchedServer::start(kind, server).await?;
    let scenario = [&["deliveries"][..], &MESSAGES].concat();
    let name = format!("server-{}", kind.name());
    let report = load.play(&subject, &name, viewers, &scenario).await?;
    ServerRow::read(kind, &report)
}

impl ServerRow {
    fn read(kind: SubjectKind, report: &JsonReport) -> anyhow::Result<Self> {
        // A server that may skip messages has stale viewers; the others lose messages.
        let lost = report.find("/deliveries/lost");
        let lost = lost.map_or_else(|| report.figure("/deliveries/stale"), Ok)?;
        Ok(Self {
            kind,
            cpu_per_million: report.figure("/deliveries/server_cpu_seconds_per_million")?,
            kib_per_connection: report.figure("/memory/kib_per_connection")?,
            bytes_per_delivery: report.figure("/deliveries/bytes_per_delivery")?,
            milliseconds: report.milliseconds("/deliveries/latency_ms")?,
            lost,
            join_cpu: report.figure("/join/server_cpu_seconds")?,
            refused: report.figure("/deliveries/not_accepted")?,
            errors: report.errors(),
        })
    }

    /// Returns why the figures may be wrong.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.errors.is_empty() {
            warnings.push(format!("lost connections: {}", self.errors));
        }
        if self.refused > 0.0 {
            warnings.push(format!("did not accept {} of the messages in time", self.refused));
        }
        let [middle, ..] = self.milliseconds;
        if middle > PAUSE {
            warnings.push(
                "was late by more than one message and may have sent several in one write, so its CPU is not comparable"
                    .into(),
            );
        }
        warnings
    }
}

/// Returns the round of a server with the median CPU, and the CPU of all rounds.
fn median(rows: &[ServerRow], kind: SubjectKind) -> Option<(&ServerRow, String)> {
    let mut rounds: Vec<&ServerRow> = rows.iter().filter(|row| row.kind == kind).collect();
    rounds.sort_by(|one, other| one.cpu_per_million.total_cmp(&other.cpu_per_million));
    let all: Vec<String> = rounds.iter().map(|row| short(row.cpu_per_million)).collect();
    rounds.get(rounds.len() / 2).map(|row| (*row, all.join(" · ")))
}

/// Returns the table in Markdown.
pub(crate) fn table(rows: &[ServerRow]) -> String {
    let mut kinds = Vec::new();
    for row in rows {
        if !kinds.contains(&row.kind) {
            kinds.push(row.kind);
        }
    }
    let medians: Vec<_> = kinds.into_iter().filter_map(|kind| median(rows, kind)).collect();
    let floor = median(rows, SubjectKind::Peer(Peer::Floor)).map(|(row, _)| row);
    let mut table = String::from(HEAD);
    for (row, all) in &medians {
        let ratio = floor.map_or_else(
            || "–".into(),
            |floor| short(row.cpu_per_million / floor.cpu_per_million),
        );
        let [middle, worst_of_hundred, worst] = row.milliseconds.map(short);
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {} | {} ({all}) | {ratio} | {} | {} | {middle} / {worst_of_hundred} / {worst} | {} | {} |",
            row.kind.name(),
            short(row.cpu_per_million),
            short(row.kib_per_connection),
            short(row.bytes_per_delivery),
            row.lost,
            short(row.join_cpu),
        );
    }
    for (row, _) in medians {
        for warning in row.warnings() {
            let _ = write!(table, "\n- {} {warning}.\n", row.kind.name());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_each_server_is_compared_with_that_of_the_floor() {
        let row = |kind, cpu_per_million| ServerRow {
            kind,
            cpu_per_million,
            kib_per_connection: 0.5,
            bytes_per_delivery: 163.0,
            milliseconds: [1.0, 20.0, 300.0],
            lost: 0.0,
            join_cpu: 0.25,
            refused: 0.0,
            errors: String::new(),
        };
        let floor = [4.0, 1.0, 2.0].map(|cpu| row(SubjectKind::Peer(Peer::Floor), cpu));
        let mut rows = Vec::from(floor);
        rows.push(row(SubjectKind::EventHorizon, 5.0));
        let table = table(&rows);
        let floor = "| floor | 2.00 (1.00 · 2.00 · 4.00) | 1.00 | 0.500 | 163 | 1.00 / 20.0 / 300 | 0 | 0.250 |";
        assert!(table.contains(floor), "{table}");
        assert!(!table.contains("- floor"), "{table}");
        assert!(table.contains("| EventHorizon | 5.00 (5.00) | 2.50 |"), "{table}");
    }
}
