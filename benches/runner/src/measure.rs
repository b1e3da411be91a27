//! The second table: each aim of EventHorizon, measured.

use std::{env, path::PathBuf};

use horizon_peers::{Place, target};

use crate::{
    aim::Aim,
    load::Load,
    pages,
    part::Part,
    report::Report,
    size::Size,
    subject::{Kind, Subject},
    text::grouped,
    weight,
};

/// The seconds of CPU that a join may cost. 1,000 joins half a second, 10,000 five.
const JOIN_CPU: f64 = 0.0005;

/// The many readers that one page begins to get at once, at least.
const FEW: usize = 1_000;

/// Where everything is measured, and how much.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: Place,
    pub(crate) load: Load,
    pub(crate) size: Size,
}

impl Stage {
    /// Measures the aims that a part is about.
    pub(crate) async fn aims(&self, part: Part) -> anyhow::Result<Vec<Aim>> {
        match part {
            Part::Joins => self.joins().await,
            Part::Idle => self.idle().await,
            Part::Pages => self.pages().await,
            Part::Start => start().await,
            Part::Weight => weight(),
            _ => Ok(Vec::new()),
        }
    }

    /// Plays a scenario against a blog that was just started.
    async fn play(&self, name: &str, viewers: usize, scenario: &[&str]) -> anyhow::Result<Report> {
        let subject = Subject::start(Kind::EventHorizon, self.server).await?;
        self.load.play(&subject, name, viewers, scenario).await
    }

    async fn joins(&self) -> anyhow::Result<Vec<Aim>> {
        let mut aims = Vec::new();
        let mut counts = vec![FEW, self.size.viewers];
        counts.dedup();
        for count in counts {
            let report = self.play(&format!("joins-{count}"), count, &["joins"]).await?;
            let limit = JOIN_CPU * report.figure("/join/connected")?;
            let cpu = report.figure("/join/server_cpu_seconds")?;
            aims.push(Aim::at_most(format!("{} joins", grouped(count)), cpu, limit, "s CPU").whole(&report));
        }
        Ok(aims)
    }

    async fn idle(&self) -> anyhow::Result<Vec<Aim>> {
        let seconds = self.size.idle.as_secs().to_string();
        let report = self
            .play("idle", self.size.viewers, &["idle", "--seconds", &seconds])
            .await?;
        let viewers = grouped(self.size.viewers);
        let percent = report.figure("/idle/server_cpu_percent")?;
        let memory = report.figure("/memory/kib_per_connection")?;
        Ok(vec![
            Aim::at_most(format!("{viewers} idle viewers"), percent, 1.0, "% of a core").whole(&report),
            Aim::at_most("memory of an idle viewer", memory, 6.0, "KiB"),
        ])
    }

    async fn pages(&self) -> anyhow::Result<Vec<Aim>> {
        let mut aims = Vec::new();
        for (what, header) in [("pages", None), ("pages with brotli", Some(pages::BROTLI))] {
            let rate = pages::rate(self.server, self.load.place, self.size.pages, header).await?;
            aims.push(Aim::at_least(
                format!("{what}, one core, wrk"),
                rate,
                20_000.0,
                "a second",
            ));
        }
        Ok(aims)
    }
}

async fn start() -> anyhow::Result<Vec<Aim>> {
    let took = pages::start().await?;
    let what = "from start to the first page, 1,000 posts";
    Ok(vec![Aim::at_most(what, took.as_secs_f64() * 1_000.0, 100.0, "ms")])
}

fn weight() -> anyhow::Result<Vec<Aim>> {
    let site = env::var_os("HORIZON_SITE").map(PathBuf::from);
    let site = site.map_or_else(|| Ok(target()?.join("site")), anyhow::Ok)?;
    let kilobytes = weight::of(&site)?;
    let what = "script and WebAssembly with brotli";
    Ok(vec![
        Aim::at_most(what, kilobytes, 60.0, "kB"),
        Aim::at_most(what, kilobytes, 37.0, "kB"),
    ])
}

impl Aim {
    /// Holds only if no connection was lost.
    fn whole(self, report: &Report) -> Self {
        let errors = report.errors();
        if errors.is_empty() {
            self
        } else {
            self.and(false, &errors)
        }
    }
}
