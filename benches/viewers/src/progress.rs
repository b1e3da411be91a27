//! A progress bar, if standard error is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The interval at which a bar without steps moves.
const TICK: Duration = Duration::from_millis(200);

/// Shows the progress of each phase.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    is_quiet: bool,
}

impl Progress {
    /// Creates progress bars, which are hidden if `quiet` is true.
    #[must_use]
    pub fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }

    /// Returns a bar with this number of steps. Dropping it removes the bar.
    #[must_use]
    pub fn steps(self, what: &'static str, count: usize) -> Bar {
        let bar = if self.is_quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX))
        };
        // The template is valid, so the default is never used.
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} {wide_bar} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Bar(bar)
    }

    /// Returns a bar for a phase without steps.
    #[must_use]
    pub fn time(self, what: &'static str) -> Bar {
        let bar = if self.is_quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Bar(bar)
    }
}

/// The bar of a phase.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Advances the bar by a step.
    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
