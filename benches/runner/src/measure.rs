//! The second table: the targets of EventHorizon.

use std::{env, path::PathBuf};

use horizon_bench_peers::{CpuPlacement, target};

use crate::{
    aim::Aim,
    bench_part::BenchPart,
    blog::Blog,
    load::LoadGenerator,
    outage, pages,
    report::JsonReport,
    size::Size,
    subject::{BenchedServer, SubjectKind},
    text::{grouped, short},
    weight,
};

/// The most CPU time of a join, in seconds: 0.5 s for 1,000 joins.
const JOIN_CPU: f64 = 0.0005;

/// The smaller number of joins.
const FEW: usize = 1_000;

/// Likes per second in a burst.
const LIKES: f64 = 5_000.0;

/// The part of them that the server has to accept; otherwise the burst was smaller.
const NEARLY_ALL: f64 = 0.95;

/// The setup of all measurements.
#[derive(Debug)]
pub(crate) struct BenchSetup {
    pub(crate) server: CpuPlacement,
    pub(crate) load: LoadGenerator,
    pub(crate) size: Size,
}

impl BenchSetup {
    /// Measures the targets of a part.
    pub(crate) async fn aims(&self, part: BenchPart) -> anyhow::Result<Vec<Aim>> {
        match part {
            BenchPart::Joins => self.joins().await,
            BenchPart::Idle => self.idle().await,
            BenchPart::Burst => self.burst().await,
            BenchPart::Stalled => self.stalled().await,
            BenchPart::Storm => self.storm().await,
            BenchPart::Pages => self.pages().await,
            BenchPart::Outage => outage::measure(self.size.outage).await,
            BenchPart::Start => start().await,
            BenchPart::Weight => weight(),
            _ => Ok(Vec::new()),
        }
    }

    /// Runs a scenario with a new blog.
    async fn play(&self, name: &str, viewers: usize, scenario: &[&str]) -> anyhow::Result<JsonReport> {
        let subject = BenchedServer::start(SubjectKind::EventHorizon, self.server).await?;
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

    async fn burst(&self) -> anyhow::Result<Vec<Aim>> {
        let seconds = self.size.published.as_secs().to_string();
        let rate = LIKES.to_string();
        let scenario = ["burst", "--rate", &rate, "--seconds", &seconds];
        let mut rounds = Vec::new();
        for _ in 0..self.size.rounds {
            let report = self.play("burst", self.size.viewers, &scenario).await?;
            rounds.push((report.figure("/burst/to_everyone_ms/p99")?, report));
        }
        rounds.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let all: Vec<String> = rounds.iter().map(|(p99, _)| short(*p99)).collect();
        let (p99, report) = rounds.swap_remove(rounds.len() / 2);
        let accepted = report.figure("/burst/offered/accepted_per_second")?;
        let is_whole = accepted >= LIKES * NEARLY_ALL && report.figure("/burst/never_at_everyone")? < 1.0;
        let taken = format!(
            "the median of {}, {} likes a second were accepted",
            all.join(" · "),
            short(accepted)
        );
        let all = |aim: Aim| aim.and(is_whole, &taken);
        let likes = format!(
            "{} likes a second, {} viewers",
            short(LIKES),
            grouped(self.size.viewers)
        );
        let mean = report.figure("/burst/frames_per_viewer_per_second/mean")?;
        let most = report.figure("/burst/frames_per_viewer_per_second/most")?;
        // Evenly sent messages may arrive together, so the maximum per second is reported but not limited.
        let frames = Aim::at_most(format!("{likes}: frames to each"), mean, 10.0, "a second");
        Ok(vec![
            frames.and(true, &format!("at most {most} in one")),
            all(Aim::at_most(
                format!("{likes}: like to last viewer, p99"),
                p99,
                250.0,
                "ms",
            ))
            .whole(&report),
        ])
    }

    async fn stalled(&self) -> anyhow::Result<Vec<Aim>> {
        let (stalled, seconds) = (self.size.stalled.to_string(), self.size.published.as_secs().to_string());
        let scenario = ["stalled", "--stalled", &stalled, "--seconds", &seconds];
        let report = self.play("stalled", self.size.viewers, &scenario).await?;
        let what = format!("{stalled} of {} stop reading", grouped(self.size.viewers));
        let memory = report.figure("/stalled/growth_kib_per_stalled")?;
        let times = report.figure("/stalled/p99_ratio")?;
        Ok(vec![
            Aim::at_most(format!("{what}: memory of each"), memory, 64.0, "KiB"),
            Aim::at_most(format!("{what}: p99 of the others"), times, 1.1, "×"),
        ])
    }

    async fn storm(&self) -> anyhow::Result<Vec<Aim>> {
        let report = self.play("storm", self.size.viewers, &["storm"]).await?;
        let what = format!("{} reconnect at once: all are right after", grouped(self.size.viewers));
        let never = report.figure("/storm/never_right")?;
        let seconds = report.find("/storm/all_right_seconds").unwrap_or(f64::INFINITY);
        let aim = Aim::at_most(what, seconds, 3.0, "s").and(never < 1.0, &format!("{never} never"));
        Ok(vec![aim.whole(&report)])
    }

    async fn pages(&self) -> anyhow::Result<Vec<Aim>> {
        let mut aims = Vec::new();
        for (what, header) in [("pages", None), ("pages with brotli", Some(pages::BROTLI))] {
            let blog = Blog::start(self.server, None).await?;
            let pages = pages::measure(&blog, self.load.place, self.size.pages, header).await?;
            let aim = Aim::at_least(format!("{what}, one core, wrk"), pages.per_second, 20_000.0, "a second");
            let (cpu, bytes) = (short(pages.cpu_microseconds_per_page), short(pages.bytes_per_page));
            aims.push(aim.and(true, &format!("{cpu} µs CPU and {bytes} bytes a page")));
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
    let kilobytes = weight::download_kilobytes(&site)?;
    let what = "script and WebAssembly with brotli";
    Ok(vec![
        Aim::at_most(what, kilobytes, 60.0, "kB"),
        Aim::at_most(what, kilobytes, 37.0, "kB"),
    ])
}

impl Aim {
    /// Adds the condition that no connection was lost.
    fn whole(self, report: &JsonReport) -> Self {
        let errors = report.errors();
        if errors.is_empty() {
            self
        } else {
            self.and(false, &errors)
        }
    }
}
