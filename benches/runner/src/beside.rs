//! The first table: EventHorizon beside other servers, all of them with the same viewers.

use std::fmt::Write;

use horizon_bench_peers::{CpuPlacement, Peer};

use crate::{
    load::LoadGenerator,
    report::JsonReport,
    subject::{Subject, SubjectKind},
    text::short,
};

/// Messages that are published, and how many a second.
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
pub(crate) struct Row {
    kind: SubjectKind,
    cpu_per_million: f64,
    kib_per_connection: f64,
    bytes_per_delivery: f64,
    milliseconds: [f64; 3],
    lost: f64,
    join_cpu: f64,
    /// Messages that the server did not take.
    refused: f64,
    errors: String,
}

/// Starts the server and measures it.
pub(crate) async fn measure(
    kind: SubjectKind,
    server: CpuPlacement,
    load: &LoadGenerator,
    viewers: usize,
) -> anyhow::Result<Row> {
    let subject = Subject::start(kind, server).await?;
    let scenario = [&["deliveries"][..], &MESSAGES].concat();
    let name = format!("beside-{}", kind.name());
    let report = load.play(&subject, &name, viewers, &scenario).await?;
    Row::read(kind, &report)
}

impl Row {
    fn read(kind: SubjectKind, report: &JsonReport) -> anyhow::Result<Self> {
        // Which of the two it is follows from whether a message may stand for those before it.
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

    /// What makes the row less than it seems.
    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if !self.errors.is_empty() {
            doubts.push(format!("lost connections: {}", self.errors));
        }
        if self.refused > 0.0 {
            doubts.push(format!("did not take {} of the messages in time", self.refused));
        }
        let [middle, ..] = self.milliseconds;
        if middle > PAUSE {
            doubts.push(
                "was late by more than one message and may have sent several in one write, so its CPU is not comparable"
                    .into(),
            );
        }
        doubts
    }
}

/// The rounds of one server: the middle one by CPU, and the CPU of all.
fn middle(rows: &[Row], kind: SubjectKind) -> Option<(&Row, String)> {
    let mut rounds: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
    rounds.sort_by(|one, other| one.cpu_per_million.total_cmp(&other.cpu_per_million));
    let all: Vec<String> = rounds.iter().map(|row| short(row.cpu_per_million)).collect();
    rounds.get(rounds.len() / 2).map(|row| (*row, all.join(" · ")))
}

/// The table in Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut kinds = Vec::new();
    for row in rows {
        if !kinds.contains(&row.kind) {
            kinds.push(row.kind);
        }
    }
    let middles: Vec<_> = kinds.into_iter().filter_map(|kind| middle(rows, kind)).collect();
    let floor = middle(rows, SubjectKind::Peer(Peer::Floor)).map(|(row, _)| row);
    let mut table = String::from(HEAD);
    for (row, all) in &middles {
        let ratio = floor.map_or_else(
            || "–".into(),
            |floor| short(row.cpu_per_million / floor.cpu_per_million),
        );
        let [middle, worst_of_hundred, worst] = row.milliseconds.map(short);
        // A String takes whatever is written to it.
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
    for (row, _) in middles {
        for doubt in row.doubts() {
            let _ = write!(table, "\n- {} {doubt}.\n", row.kind.name());
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_each_server_is_held_against_the_floors() {
        let row = |kind, cpu_per_million| Row {
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
