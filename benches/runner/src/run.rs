//! Runs the parts and writes the report.

use std::{env, fmt::Write, fs};

use anyhow::{Context, bail};
use clap::ValueEnum;
use horizon_bench_peers::target;

use crate::{
    BenchArguments,
    aim::{self, Aim},
    bench_part::BenchPart,
    compare, ingestion,
    load::LoadGenerator,
    machine::Machine,
    measure::BenchSetup,
    print_progress,
    servers::{self, ServerRow},
    size::Size,
};

/// The results of all parts.
#[derive(Debug, Default)]
struct Results {
    rows: Vec<ServerRow>,
    aims: Vec<Aim>,
    ingestion: Option<String>,
    failures: Vec<String>,
}

/// Measures the selected parts and writes the report.
pub(crate) async fn run(cli: &BenchArguments) -> anyhow::Result<()> {
    let machine = Machine::look()?;
    let (server, place) = machine.places();
    let folder = target()?.join("bench");
    fs::create_dir_all(&folder)?;
    let setup = BenchSetup {
        server,
        load: LoadGenerator { place, folder },
        size: if cli.quick { Size::QUICK } else { Size::FULL },
    };
    if let Some(other) = &cli.compare {
        let table = compare::measure(&setup, other).await?;
        return finish(&format!("{}\n{table}", title(&machine)), cli);
    }
    let mut results = Results::default();
    let wanted = |part: &BenchPart| cli.only.is_empty() || cli.only.contains(part);
    // Interleave servers, so that other load affects all equally.
    let is_server = |part: &BenchPart| part.server().is_some();
    let (servers, others): (Vec<_>, Vec<_>) = BenchPart::value_variants()
        .iter()
        .filter(|part| wanted(part))
        .partition(|part| is_server(part));
    for part in servers.repeat(setup.size.rounds).into_iter().chain(others).copied() {
        print_progress(&format!("── {}", part.name()));
        if let Err(error) = results.measure(part, &setup).await {
            print_progress(&format!("{error:#}"));
            results.failures.push(format!("{}: {error:#}", part.name()));
        }
    }
    finish(&results.report(&machine, setup.size), cli)?;
    if !results.failures.is_empty() {
        bail!("{} of the parts could not be measured", results.failures.len());
    }
    Ok(())
}

/// Returns the command and the machine.
fn title(machine: &Machine) -> String {
    let command: Vec<String> = env::args().skip(1).collect();
    let command = [&["cargo xtask bench".to_owned()], command.as_slice()].concat();
    format!("`{}`\n\n{}\n", command.join(" "), machine.sentence())
}

/// Prints the report, and writes it to the file of `--out`.
fn finish(report: &str, cli: &BenchArguments) -> anyhow::Result<()> {
    print(report);
    if let Some(out) = &cli.out {
        fs::write(out, report).with_context(|| format!("{} cannot be written", out.display()))?;
    }
    Ok(())
}

impl Results {
    async fn measure(&mut self, part: BenchPart, setup: &BenchSetup) -> anyhow::Result<()> {
        if let Some(kind) = part.server() {
            let row = servers::measure(kind, setup.server, &setup.load, setup.size.viewers).await?;
            self.rows.push(row);
        } else if part == BenchPart::Ingestion {
            self.ingestion = Some(ingestion::summary().await?);
        } else {
            self.aims.extend(setup.aims(part).await?);
        }
        Ok(())
    }

    fn report(&self, machine: &Machine, size: Size) -> String {
        let mut text = title(machine);
        // Writing to a String cannot fail.
        if !self.rows.is_empty() {
            let (viewers, rounds) = (crate::text::grouped(size.viewers), size.rounds);
            let _ = write!(
                text,
                "\n{viewers} viewers, 100 messages, 10 a second, measured {rounds} times in turn: the median by CPU, \
                 and the CPU of all. The others send the posted 150 bytes; EventHorizon counts likes and sends the \
                 page's numbers.\n\n{}",
                servers::table(&self.rows)
            );
        }
        if !self.aims.is_empty() {
            let _ = write!(text, "\n{}", aim::table(&self.aims));
        }
        if let Some(line) = &self.ingestion {
            let _ = write!(
                text,
                "\nIngestion (`cargo bench -p horizon-benches --bench ingestion`): {line}\n"
            );
        }
        for failure in &self.failures {
            let _ = write!(text, "\n- **Not measured**: {failure}\n");
        }
        text
    }
}

#[expect(clippy::print_stdout, reason = "the report goes to standard output")]
fn print(report: &str) {
    println!("{report}");
}
