//! Prints what the reader of contexts costs: memory (resident, of Linux) and time.
//! `cargo run --release --package horizon-context --example cost [COUNTRIES.mmdb]`

use std::{
    env, fs,
    io::{self, Write},
    time::Instant,
};

use horizon_context::{ContextReader, CountryFile, PageRequest};

const AGENTS: &str = include_str!("../tests/agents.tsv");
const REFERRERS: &str = include_str!("../tests/referrers.tsv");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agents: Vec<&str> = AGENTS
        .lines()
        .filter_map(|line| Some(line.rsplit_once('\t')?.1))
        .collect();
    let referrers: Vec<&str> = REFERRERS.lines().filter_map(|line| line.split('\t').nth(2)).collect();
    let start = resident()?;
    let mut reader = ContextReader::new(["blog.example.org"]);
    if let Some(path) = env::args().nth(1) {
        reader = reader.with_countries(CountryFile::open(path)?);
    }
    report("a reader", start, None)?;

    let time = Instant::now();
    read(&reader, agents.first().copied(), None);
    report("the first agent", start, Some((time, 1)))?;
    let time = Instant::now();
    for agent in &agents {
        read(&reader, Some(agent), None);
    }
    report("each other agent", start, Some((time, agents.len())))?;
    let time = Instant::now();
    let rounds = 1_000;
    for _ in 0..rounds {
        for (agent, referrer) in agents.iter().zip(&referrers) {
            read(&reader, Some(agent), Some(referrer));
        }
    }
    report(
        "each request with a known agent",
        start,
        Some((time, rounds * agents.len().min(referrers.len()))),
    )?;

    let hostile = 50_000;
    let time = Instant::now();
    for number in 0..hostile {
        read(&reader, Some(&hostile_agent(&agents, number)), None);
    }
    report(
        "each of 50,000 agents of 1,000 bytes of mixed parts",
        start,
        Some((time, hostile)),
    )?;
    drop(reader);
    report("without the reader", start, None)?;
    Ok(())
}

fn read(reader: &ContextReader, user_agent: Option<&str>, referrer: Option<&str>) {
    std::hint::black_box(reader.read(&PageRequest {
        user_agent,
        referrer,
        accept_language: Some("de-AT,de;q=0.9"),
        page_query: Some("utm_source=newsletter&utm_medium=email&utm_campaign=spring"),
        address: Some([193, 0, 6, 139].into()),
        ..PageRequest::default()
    }));
}

/// Returns an agent that consists of words of real ones.
fn hostile_agent(agents: &[&str], number: usize) -> String {
    let (mut agent, mut state) = (String::new(), number as u64 + 1);
    while agent.len() < 1_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from(state >> 33).unwrap_or_default();
        let words = agents.get(index % agents.len()).map_or("", |agent| agent);
        let word = words.split(' ').nth(index / 7 % 14).unwrap_or("Mobile");
        agent.push_str(word);
        agent.push(' ');
    }
    agent
}

/// Prints the resident memory that was added since the start, and the time of one call.
fn report(what: &str, start: usize, calls: Option<(Instant, usize)>) -> io::Result<()> {
    let time = calls.map(|(time, calls)| time.elapsed() / u32::try_from(calls).unwrap_or(u32::MAX));
    let time = time.map(|time| format!("{time:.2?}")).unwrap_or_default();
    let added = resident()?.saturating_sub(start);
    writeln!(io::stdout(), "{added:>7} KiB {time:>12}  {what}")
}

/// Returns the resident memory of this process in KiB.
fn resident() -> io::Result<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("VmRSS is missing"))
}
