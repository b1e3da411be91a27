//! What the figures were measured on.

use std::{fs, thread, time::SystemTime};

use anyhow::Context;
use chrono::DateTime;
use horizon_bench_peers::CpuPlacement;

/// This machine, today.
#[derive(Debug)]
pub(crate) struct Machine {
    cores: usize,
    text: String,
}

impl Machine {
    /// Looks at it.
    pub(crate) fn look() -> anyhow::Result<Self> {
        let cores = thread::available_parallelism()?.get();
        let processors = fs::read_to_string("/proc/cpuinfo").context("this needs Linux")?;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.map_or("unknown", |model| model.trim_start_matches([' ', '\t', ':']));
        let seconds = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
        let date = DateTime::from_timestamp(i64::try_from(seconds)?, 0).context("the clock is wrong")?;
        let text = format!("{model}, {cores} cores, Linux {}, {}", kernel.trim(), date.date_naive());
        Ok(Self { cores, text })
    }

    /// Where the server runs, and where its load comes from.
    pub(crate) fn places(&self) -> (CpuPlacement, CpuPlacement) {
        if self.cores > 1 {
            (CpuPlacement::core(0), CpuPlacement::core(1))
        } else {
            (CpuPlacement::ANYWHERE, CpuPlacement::ANYWHERE)
        }
    }

    /// A sentence for the report.
    pub(crate) fn sentence(&self) -> String {
        let apart = if self.cores > 1 {
            "the server on core 0, its load from core 1"
        } else {
            "**one core for the server and its load: nothing was pinned, and times say little**"
        };
        format!("{}; {apart}.", self.text)
    }
}
