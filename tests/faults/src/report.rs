//! What came of it, for whoever started it.

use std::{fmt::Write, fs, path::Path, time::Duration};

use horizon_test_support::process;

use tokio::time::Instant;

use crate::{classes::Class, defect::Defect, stage::Stage};

/// The words for an accumulator that says itself that events are lost.
pub(crate) const ALARM: &str = "raises the alarm";

/// The most lines of a node's log that are shown.
const LOG_LINES: usize = 15;

/// What came of one class.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) class: Class,
    pub(crate) defect: Option<Defect>,
    /// Events that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Likes that are counted in the end, in a class that checks alarms.
    pub(crate) counted: Option<u64>,
    /// What processes reported of their own problems.
    pub(crate) reported: Vec<String>,
    /// Faults that happened.
    pub(crate) faults: u64,
    /// How long it took after the last fault until everything was counted.
    pub(crate) drain: Option<Duration>,
    /// How long after that everybody saw it.
    pub(crate) seen_after: Option<Duration>,
    /// Events counted a second, from the first to the last.
    pub(crate) rate: u128,
    /// What the whole class took.
    pub(crate) took: Duration,
    /// What else is worth knowing.
    pub(crate) notes: Vec<String>,
    /// Everything that was not as it has to be.
    pub(crate) findings: Vec<String>,
    /// Why the class could not be played to its end.
    pub(crate) error: Option<String>,
    logs: String,
}

impl Outcome {
    pub(crate) fn new(class: Class, defect: Option<Defect>) -> Self {
        Self {
            class,
            defect,
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

    /// Everything is counted at `now`; the last fault was over at `over`, and the first event counted after `since`.
    pub(crate) fn drained(&mut self, since: Instant, over: Instant, now: Instant) {
        self.drain = Some(now.duration_since(over));
        let time = now.duration_since(since).as_millis().max(1);
        self.rate = u128::from(self.acknowledged) * 1_000 / time;
    }

    /// Keeps the end of what every process logged.
    pub(crate) fn read_logs(&mut self, stage: &Stage) {
        for node in stage.nodes() {
            self.keep_log(node.name(), &node.log());
        }
    }

    /// Keeps the end of every log in a folder.
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
        // A String takes whatever is written to it.
        let _ = writeln!(self.logs, "── {name}\n{}", last.join("\n"));
    }

    /// Whether the class passed; with something broken, whether it did not.
    pub(crate) fn is_as_expected(&self) -> bool {
        let is_broken = self.defect.is_some_and(|defect| defect != Defect::Nothing);
        // What is trimmed away has to raise the product's own alarm too.
        let is_told =
            self.defect != Some(Defect::TrimsUnread) || self.findings.iter().any(|finding| finding.contains(ALARM));
        self.error.is_none() && is_told && self.findings.is_empty() != is_broken
    }

    /// One line for whoever waits.
    pub(crate) fn line(&self) -> String {
        let broken = self
            .defect
            .map(|defect| format!(" with {}", defect.name()))
            .unwrap_or_default();
        let took = self.took.as_secs_f64();
        let verdict = if self.is_as_expected() {
            "as it has to be"
        } else {
            "NOT AS IT HAS TO BE"
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

/// The tables of a run, and what else there is to say, in Markdown.
pub(crate) fn classes(outcomes: &[Outcome]) -> String {
    let (alarms, counts): (Vec<&Outcome>, _) = outcomes.iter().partition(|outcome| outcome.class.is_alarm());
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

/// The table of the classes whose numbers have to be exact.
fn exact(outcomes: &[&Outcome]) -> Option<String> {
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

/// The table of the classes where nothing may be lost in silence.
fn reported(outcomes: &[&Outcome]) -> Option<String> {
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

/// The table of a run with sabotage, in Markdown.
pub(crate) fn sabotage(outcomes: &[Outcome]) -> String {
    let mut table = String::from("| class | what is broken | verdict | what was seen |\n|---|---|---|---|\n");
    for outcome in outcomes {
        let verdict = match (outcome.is_as_expected(), outcome.findings.is_empty()) {
            (true, true) => "passes, as it has to",
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
        let broken = outcome.defect.map(Defect::sentence).unwrap_or_default();
        let _ = writeln!(table, "| {} | {broken} | {verdict} | {seen} |", outcome.class.name());
    }
    table
}

/// A number with its thousands apart.
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

/// Tells whoever started the run.
#[expect(clippy::print_stdout, reason = "this program talks to a person")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_class_passes_without_findings_and_sabotage_with_them() {
        let mut sound = Outcome::new(Class::Repeats, None);
        assert!(sound.is_as_expected());
        sound.findings.push("something".into());
        assert!(!sound.is_as_expected());
        let mut broken = Outcome::new(Class::Backlog, Some(Defect::TrimsUnread));
        assert!(!broken.is_as_expected());
        broken.findings.push("events are missing".into());
        assert!(!broken.is_as_expected(), "nobody raised the alarm");
        broken.findings.push(format!("somebody {ALARM}"));
        assert!(broken.is_as_expected());
    }
}
