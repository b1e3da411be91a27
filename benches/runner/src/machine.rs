//! The machine of the measurements.

use std::{fs, thread, time::SystemTime};

use anyhow::Context;
use chrono::DateTime;
use horizon_bench_peers::CpuPlacement;

/// The hardware and software of this machine.
#[derive(Debug)]
pub(crate) struct Machine {
    cores: usize,
    text: String,
}

impl Machine {
    /// Reads the description from the system.
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

    /// Returns the CPUs of the server and of the load.
    pub(crate) fn places(&self) -> (CpuPlacement, CpuPlacement) {
        if self.cores > 1 {
            (CpuPlacement::core(0), CpuPlacement::core(1))
        } else {
            (CpuPlacement::ANYWHERE, CpuPlacement::ANYWHERE)
        }
    }

    /// Returns a sentence for the report.
    pub(crate) fn sentence(&self) -> String {
        let apart = if self.cores > 1 {
            "the server on core 0, its load from core 1"
        } else {
            "**one core for the server and its load: nothing was pinned, and times are not meaningful**"
        };
        format!("{}; {apart}.", self.text)
    }
}
