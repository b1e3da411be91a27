//! The load generator process.

use std::{fs, path::PathBuf, process::Stdio};

use anyhow::{Context, ensure};
use horizon_bench_peers::CpuPlacement;
use horizon_test_support::process::program;

use crate::{print_progress, report::JsonReport, subject::BenchedServer};

/// The CPU of the load generator and the folder of its reports.
#[derive(Debug)]
pub(crate) struct LoadGenerator {
    pub(crate) place: CpuPlacement,
    /// The folder of the JSON reports.
    pub(crate) folder: PathBuf,
}

impl LoadGenerator {
    /// Runs a scenario of the generator, such as `joins`, with the server. `name` is the name of the report.
    pub(crate) async fn play(
        &self,
        subject: &BenchedServer,
        name: &str,
        viewers: usize,
        scenario: &[&str],
    ) -> anyhow::Result<JsonReport> {
        print_progress(&format!("{name}: {viewers} viewers"));
        let file = self.folder.join(format!("{name}.json"));
        let mut command = program("viewers", "HORIZON_VIEWERS_BIN")?;
        command
            .args(["--url", &subject.url, "--protocol", subject.protocol])
            .args(["--publish", &subject.publish])
            .args(["--pid", &subject.id()?.to_string()])
            .args(["--viewers", &viewers.to_string(), "--name", name, "--quiet", "--json"])
            .arg(&file)
            .args(scenario);
        let mut here = self.place.apply(&command);
        let output = here.stdout(Stdio::null()).stderr(Stdio::piped()).output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the generator failed: {}", said.trim());
        let json = fs::read(&file).with_context(|| format!("{} is missing", file.display()))?;
        JsonReport::read(&json)
    }
}
