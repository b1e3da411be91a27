//! CPU time and memory of processes, read from /proc.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use procfs::process::{Process, Stat};

/// Bytes in a KiB.
const KIB: u64 = 1024;

/// The CPU time and memory of some processes and all their descendants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory, in KiB.
    pub rss_kib: u64,
}

/// Returns the usage of these processes and their descendants, or `None` if the list is empty.
///
/// # Errors
/// One of the processes does not exist.
pub fn usage(pids: &[i32]) -> anyhow::Result<Option<Usage>> {
    if pids.is_empty() {
        return Ok(None);
    }
    let all = all()?;
    for pid in pids {
        all.get(pid).with_context(|| format!("there is no process {pid}"))?;
    }
    let family = family(pids, &all);
    Ok(Some(sum(all.values().filter(|stat| family.contains(&stat.pid)))))
}

/// Returns the usage of this process.
///
/// # Errors
/// /proc cannot be read.
pub fn own() -> anyhow::Result<Usage> {
    Ok(sum([&Process::myself()?.stat()?].into_iter()))
}

/// Returns all processes of the machine.
fn all() -> anyhow::Result<BTreeMap<i32, Stat>> {
    let all = procfs::process::all_processes()?;
    // A process that cannot be read has ended.
    let stats = all.filter_map(|process| process.ok()?.stat().ok());
    Ok(stats.map(|stat| (stat.pid, stat)).collect())
}

fn family(pids: &[i32], all: &BTreeMap<i32, Stat>) -> BTreeSet<i32> {
    let mut family: BTreeSet<i32> = pids.iter().copied().collect();
    loop {
        let before = family.len();
        let children = all.values().filter(|stat| family.contains(&stat.ppid));
        let children: Vec<i32> = children.map(|stat| stat.pid).collect();
        family.extend(children);
        if family.len() == before {
            return family;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks are far below 2^52")]
fn sum<'a>(stats: impl Iterator<Item = &'a Stat>) -> Usage {
    let (ticks, pages) = stats.fold((0, 0), |(ticks, pages), stat| {
        (ticks + stat.utime + stat.stime, pages + stat.rss)
    });
    Usage {
        cpu_seconds: ticks as f64 / procfs::ticks_per_second() as f64,
        rss_kib: pages * procfs::page_size() / KIB,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn the_usage_of_a_process_includes_its_children() {
        let mut command = Command::new("cat");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        stdin.write_all(b"up").unwrap();
        stdout.read_exact(&mut [0; 2]).unwrap();
        let [me, pid] = [std::process::id(), child.id()].map(|pid| i32::try_from(pid).unwrap());
        let all = all().unwrap();
        assert!(family(&[me], &all).contains(&pid) && !family(&[pid], &all).contains(&me));
        let (one, both) = (sum([&all[&pid]].into_iter()), sum([&all[&pid], &all[&me]].into_iter()));
        assert!(one.rss_kib > 0 && both.rss_kib > one.rss_kib, "{one:?} {both:?}");
        drop(stdin);
        child.wait().unwrap();
    }

    #[test]
    fn an_empty_list_has_no_usage_and_an_unknown_process_is_an_error() {
        assert_eq!(usage(&[]).unwrap(), None);
        assert!(usage(&[i32::MAX]).unwrap_err().to_string().contains("no process"));
    }
}
