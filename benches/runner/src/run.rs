//! One part after the other, and the report of all.

use std::{env, fmt::Write, fs};

use anyhow::{Context, bail};
use clap::ValueEnum;
use horizon_bench_peers::target;

use crate::{
    Cli,
    aim::{self, Aim},
    bench_part::BenchPart,
    beside::{self, Row},
    compare, ingestion,
    load::LoadGenerator,
    machine::Machine,
    measure::BenchSetup,
    say,
    size::Size,
};

/// The results of all parts.
#[derive(Debug, Default)]
struct Results {
    rows: Vec<Row>,
    aims: Vec<Aim>,
    ingestion: Option<String>,
    failures: Vec<String>,
}

/// Measures what was asked for, and writes the report.
pub(crate) async fn run(cli: &Cli) -> anyhow::Result<()> {
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
    // Take turns with the servers, so that other load of the machine affects all of them.
    let is_server = |part: &BenchPart| part.server().is_some();
    let (servers, others): (Vec<_>, Vec<_>) = BenchPart::value_variants()
        .iter()
        .filter(|part| wanted(part))
        .partition(|part| is_server(part));
    for part in servers.repeat(setup.size.rounds).into_iter().chain(others).copied() {
        say(&format!("── {}", part.name()));
        if let Err(error) = results.take(part, &setup).await {
            say(&format!("{error:#}"));
            results.failures.push(format!("{}: {error:#}", part.name()));
        }
    }
    finish(&results.report(&machine, setup.size), cli)?;
    if !results.failures.is_empty() {
        bail!("{} of the parts could not be measured", results.failures.len());
    }
    Ok(())
}

/// The command and the machine.
fn title(machine: &Machine) -> String {
    let command: Vec<String> = env::args().skip(1).collect();
    let command = [&["cargo xtask bench".to_owned()], command.as_slice()].concat();
    format!("`{}`\n\n{}\n", command.join(" "), machine.sentence())
}

/// Prints the report, and writes it to the file that was asked for.
fn finish(report: &str, cli: &Cli) -> anyhow::Result<()> {
    print(report);
    if let Some(out) = &cli.out {
        fs::write(out, report).with_context(|| format!("{} cannot be written", out.display()))?;
    }
    Ok(())
}

impl Results {
    async fn take(&mut self, part: BenchPart, setup: &BenchSetup) -> anyhow::Result<()> {
        if let Some(kind) = part.server() {
            let row = beside::measure(kind, setup.server, &setup.load, setup.size.viewers).await?;
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
        // A String takes whatever is written to it.
        if !self.rows.is_empty() {
            let (viewers, rounds) = (crate::text::grouped(size.viewers), size.rounds);
            let _ = write!(
                text,
                "\n{viewers} viewers, 100 messages, 10 a second, measured {rounds} times in turn: the median by CPU, \
                 and the CPU of all. The others send the posted 150 bytes; EventHorizon counts likes and sends the \
                 page's numbers.\n\n{}",
                beside::table(&self.rows)
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

/// Prints the report and writes it to the file.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn print(report: &str) {
    println!("{report}");
}
