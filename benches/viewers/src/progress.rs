//! A bar on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a bar without steps moves.
const TICK: Duration = Duration::from_millis(200);

/// Shows how far a phase is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    is_quiet: bool,
}

impl Progress {
    /// One that shows nothing if so wanted.
    #[must_use]
    pub fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }

    /// A progress bar with this many steps. Dropping it removes the bar.
    #[must_use]
    pub fn steps(self, what: &'static str, count: usize) -> Bar {
        let bar = if self.is_quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX))
        };
        // The template is good, so the bar's own default is never needed.
        if let Ok(style) = ProgressStyle::with_template("{msg:>12} {wide_bar} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Bar(bar)
    }

    /// A phase that only takes its time.
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

/// The bar of one phase.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// One step done.
    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
