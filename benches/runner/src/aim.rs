//! Targets of EventHorizon and whether they are met.

use std::fmt::Write;

use crate::text::short;

/// A target and its measurement.
#[derive(Debug)]
pub(crate) struct Aim {
    what: String,
    limit: String,
    measured: String,
    is_met: bool,
}

impl Aim {
    /// Creates an upper limit.
    pub(crate) fn at_most(what: impl Into<String>, measured: f64, limit: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            limit: format!("≤ {} {unit}", short(limit)),
            measured: format!("{} {unit}", short(measured)),
            is_met: measured <= limit,
        }
    }

    /// Creates a lower limit.
    pub(crate) fn at_least(what: impl Into<String>, measured: f64, limit: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            limit: format!("≥ {} {unit}", short(limit)),
            measured: format!("{} {unit}", short(measured)),
            is_met: measured >= limit,
        }
    }

    /// Adds a condition and a remark to the measurement.
    pub(crate) fn and(mut self, is_met: bool, remark: &str) -> Self {
        self.is_met &= is_met;
        let _ = write!(self.measured, ", {remark}");
        self
    }
}

/// Returns the table in Markdown.
pub(crate) fn table(aims: &[Aim]) -> String {
    let mut table = String::from("| what | aim | measured | |\n|---|--:|--:|---|\n");
    for aim in aims {
        let verdict = if aim.is_met { "met" } else { "**missed**" };
        let _ = writeln!(table, "| {} | {} | {} | {verdict} |", aim.what, aim.limit, aim.measured);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_at_its_limit_and_missed_beyond() {
        let aims = [
            Aim::at_most("a", 1.0, 1.0, "s"),
            Aim::at_most("b", 1.01, 1.0, "s"),
            Aim::at_least("c", 20_000.0, 20_000.0, "a second"),
            Aim::at_least("d", 1.0, 1.0, "s").and(false, "3 stale"),
        ];
        assert_eq!(aims.each_ref().map(|aim| aim.is_met), [true, false, true, false]);
        assert!(table(&aims).contains("| d | ≥ 1.00 s | 1.00 s, 3 stale | **missed** |"));
    }
}
