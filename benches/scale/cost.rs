use std::time::Instant;

use horizon_benches::{cpu_seconds, cpu_seconds_with_children};

use crate::{EVENTS, Result};

/// The ids of the first processes of the servers.
#[derive(Clone, Copy)]
pub(crate) struct ServerIds {
    pub(crate) redis: u32,
    pub(crate) postgres: u32,
}

/// What [`EVENTS`] events cost.
#[derive(Clone, Copy)]
pub(crate) struct ScaleCost {
    /// Events per second.
    pub(crate) rate: f64,
    pub(crate) cpu: Option<CpuSeconds>,
}

/// CPU seconds per 100,000 events.
#[derive(Clone, Copy)]
pub(crate) struct CpuSeconds {
    pub(crate) process: f64,
    pub(crate) redis: f64,
    pub(crate) postgres: f64,
}

impl ServerIds {
    /// Returns what the work with [`EVENTS`] events costs.
    pub(crate) async fn measure(self, work: impl AsyncFnOnce() -> Result<()>) -> Result<ScaleCost> {
        let (before, started) = (self.cpu()?, Instant::now());
        work().await?;
        let rate = EVENTS as f64 / started.elapsed().as_secs_f64();
        let after = self.cpu()?;
        let used = |of: fn(&CpuSeconds) -> f64| (of(&after) - of(&before)) / EVENTS as f64 * 100_000.0;
        let cpu = CpuSeconds {
            process: used(|cpu| cpu.process),
            redis: used(|cpu| cpu.redis),
            postgres: used(|cpu| cpu.postgres),
        };
        Ok(ScaleCost { rate, cpu: Some(cpu) })
    }

    /// Returns the CPU times until now.
    fn cpu(self) -> Result<CpuSeconds> {
        Ok(CpuSeconds {
            process: cpu_seconds()?,
            redis: cpu_seconds_with_children(self.redis)?,
            postgres: cpu_seconds_with_children(self.postgres)?,
        })
    }
}
