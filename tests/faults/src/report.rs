//! The outcome of each class, and the report.

use std::{fmt::Write, fs, path::Path, time::Duration};

use horizon_test_support::process;
use tokio::time::Instant;

use crate::{classes::Class, cluster::FaultCluster, mutant::FaultMutant};

/// The finding for an accumulator that reports lost events.
pub(crate) const ALARM: &str = "reports a loss";

/// The maximum number of lines of each log in the report.
const LOG_LINES: usize = 15;

/// The outcome of a class.
#[derive(Debug)]
pub(crate) struct ClassOutcome {
    pub(crate) class: Class,
    pub(crate) mutant: Option<FaultMutant>,
    /// Acknowledged events.
    pub(crate) acknowledged: u64,
    /// Counted likes, in an alarm class.
    pub(crate) counted: Option<u64>,
    /// Problems that processes reported.
    pub(crate) reported: Vec<String>,
    /// Injected faults.
    pub(crate) faults: u64,
    /// The time from the last fault until everything was counted.
    pub(crate) drain: Option<Duration>,
    /// The time from then until every viewer saw it.
    pub(crate) seen_after: Option<Duration>,
    /// Events counted per second.
    pub(crate) rate: u128,
    /// The time of the whole class.
    pub(crate) took: Duration,
    /// Notes.
    pub(crate) notes: Vec<String>,
    /// Failed checks.
    pub(crate) findings: Vec<String>,
    /// Why the class did not finish.
    pub(crate) error: Option<String>,
    logs: String,
}

impl ClassOutcome {
    pub(crate) fn new(class: Class, mutant: Option<FaultMutant>) -> Self {
        Self {
            class,
            mutant,
            acknowledged: 0,
            counted: None,
            reported: Vec::new(),
            faults: 0,
            drain: None,
            seen_after: None,
            rate: 0,
            took: Duration::ZERO,
            notes: Vec::new(),
            findings: Vec::new(),
            error: None,
            logs: String::new(),
        }
    }

    /// Records that everything was counted at `now`, the last fault ended at `over`, and counting began at `since`.
    pub(crate) fn drained(&mut self, since: Instant, over: Instant, now: Instant) {
        self.drain = Some(now.duration_since(over));
        let time = now.duration_since(since).as_millis().max(1);
        self.rate = u128::from(self.acknowledged) * 1_000 / time;
    }

    /// Keeps the last lines of the log of every process.
    pub(crate) fn read_logs(&mut self, cluster: &FaultCluster) {
        for node in cluster.nodes() {
            self.keep_log(node.name(), &node.log());
        }
        if let Ok(postgres) = cluster.postgres() {
            self.keep_log("postgres", &postgres.server.log());
        }
    }

    /// Keeps the last lines of every log in a folder.
    pub(crate) fn read_log_files(&mut self, folder: &Path) {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut logs: Vec<_> = files.map(|file| file.path()).collect();
        logs.retain(|path| path.extension().is_some_and(|end| end == "log"));
        logs.sort();
        for path in logs {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            self.keep_log(&name, &process::read_log(&path));
        }
    }

    fn keep_log(&mut self, name: &str, log: &str) {
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.logs, "── {name}\n{}", last.join("\n"));
    }

    /// Returns whether the class passed, or with a mutant whether it failed.
    pub(crate) fn is_as_expected(&self) -> bool {
        let is_broken = self.mutant.is_some_and(|mutant| mutant != FaultMutant::Unmodified);
        // The product must report trimmed events too.
        let is_reported = self.mutant != Some(FaultMutant::TrimsUnread)
            || self.findings.iter().any(|finding| finding.contains(ALARM));
        self.error.is_none() && is_reported && self.findings.is_empty() != is_broken
    }

    /// Returns the lines for the terminal.
    pub(crate) fn line(&self) -> String {
        let broken = self
            .mutant
            .map(|mutant| format!(" with {}", mutant.name()))
            .unwrap_or_default();
        let took = self.took.as_secs_f64();
        let verdict = if self.is_as_expected() {
            "as expected"
        } else {
            "UNEXPECTED"
        };
        let mut text = format!("{took:>7.1} s  {}{broken}: {verdict}", self.class.name());
        for more in self.remarks() {
            let _ = write!(text, "\n           {more}");
        }
        if !self.is_as_expected() {
            let _ = write!(text, "\n{}", self.logs);
        }
        text
    }

    fn remarks(&self) -> impl Iterator<Item = &String> {
        let all = self.notes.iter().chain(&self.reported);
        all.chain(&self.findings).chain(&self.error)
    }
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "never".into(), |time| format!("{:.1} s", time.as_secs_f64()))
}

/// Returns the tables and notes of a run in Markdown.
pub(crate) fn classes(outcomes: &[ClassOutcome]) -> String {
    let (alarms, counts): (Vec<&ClassOutcome>, _) = outcomes.iter().partition(|outcome| outcome.class.is_alarm());
    let mut text = String::new();
    for table in [exact(&counts), reported(&alarms)].into_iter().flatten() {
        text += &table;
        text.push('\n');
    }
    for outcome in outcomes {
        for more in outcome.remarks() {
            let _ = write!(text, "\n- {}: {more}", outcome.class.name());
        }
    }
    text + "\n"
}

/// Returns the table of the classes whose totals must be exact.
fn exact(outcomes: &[&ClassOutcome]) -> Option<String> {
    outcomes.first()?;
    let mut table = String::from(
        "| class | events acknowledged | faults | counted after | seen after | events/s | verdict |\n\
         |---|--:|--:|--:|--:|--:|---|\n",
    );
    for outcome in outcomes {
        let verdict = if outcome.is_as_expected() {
            "exact"
        } else {
            "**FAILED**"
        };
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {verdict} |",
            outcome.class.name(),
            grouped(outcome.acknowledged.into()),
            grouped(outcome.faults.into()),
            seconds(outcome.drain),
            seconds(outcome.seen_after),
            grouped(outcome.rate),
        );
    }
    Some(table)
}

/// Returns the table of the classes where every loss must be reported.
fn reported(outcomes: &[&ClassOutcome]) -> Option<String> {
    outcomes.first()?;
    let mut table = String::from(
        "| class | what happens | likes acknowledged | counted | who reports it | verdict |\n\
         |---|---|--:|--:|---|---|\n",
    );
    for outcome in outcomes {
        let counted = outcome.counted.unwrap_or_default();
        let verdict = match (outcome.is_as_expected(), outcome.acknowledged == counted) {
            (false, _) => "**FAILED**",
            (true, true) => "exact",
            (true, false) => "reported",
        };
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {verdict} |",
            outcome.class.name(),
            outcome.class.sentence(),
            grouped(outcome.acknowledged.into()),
            grouped(counted.into()),
            outcome.reported.join("<br>"),
        );
    }
    Some(table)
}

/// Returns the table of a run with mutants in Markdown.
pub(crate) fn mutants(outcomes: &[ClassOutcome]) -> String {
    let mut table = String::from("| class | mutant | verdict | findings |\n|---|---|---|---|\n");
    for outcome in outcomes {
        let verdict = match (outcome.is_as_expected(), outcome.findings.is_empty()) {
            (true, true) => "passes, as expected",
            (true, false) => "caught",
            (false, true) if outcome.error.is_none() => "**NOT CAUGHT**",
            (false, _) => "**FAILED**",
        };
        let seen: Vec<_> = outcome
            .findings
            .iter()
            .chain(&outcome.error)
            .map(String::as_str)
            .collect();
        let seen = seen.join("<br>");
        let broken = outcome.mutant.map(FaultMutant::sentence).unwrap_or_default();
        let _ = writeln!(table, "| {} | {broken} | {verdict} | {seen} |", outcome.class.name());
    }
    table
}

/// Returns a number with thousands separators.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Prints to the terminal.
#[expect(clippy::print_stdout, reason = "the report is for a terminal")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_class_passes_without_findings_and_a_mutant_is_detected_with_findings() {
        let mut sound = ClassOutcome::new(Class::Repeats, None);
        assert!(sound.is_as_expected());
        sound.findings.push("something".into());
        assert!(!sound.is_as_expected());
        let mut broken = ClassOutcome::new(Class::Backlog, Some(FaultMutant::TrimsUnread));
        assert!(!broken.is_as_expected());
        broken.findings.push("events are missing".into());
        assert!(!broken.is_as_expected(), "the loss was not reported");
        broken.findings.push(format!("somebody {ALARM}"));
        assert!(broken.is_as_expected());
    }
}
