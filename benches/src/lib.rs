//! Test data and CPU times for the benchmarks.
//!
//! Run them with `cargo bench -p horizon-benches`. Timings depend on the machine and its load; compare numbers of one
//! run only.

use std::{fs, io};

use horizon_core::{Event, EventKind, ReaderId, Slug, SlugError, Stamp, Timestamp, VisitorKey};

/// Returns `count` events of one page, numbered from `first`: eight visits and two likes in ten, by different readers.
///
/// # Errors
/// Never: the slug is valid.
pub fn events(first: u64, count: u64) -> Result<Vec<Event>, SlugError> {
    let slug = Slug::new("hello")?;
    let event = |number: u64| {
        let mut random = [0; 10];
        let (_, tail) = random.split_at_mut(2);
        tail.copy_from_slice(&number.to_be_bytes());
        let key = u128::from(number);
        let kind = match number % 10 {
            0 | 1 => EventKind::Like {
                reader: ReaderId::from_u128(key),
            },
            _ => EventKind::visit(Some(VisitorKey::from_u128(key))),
        };
        Event::new(
            Stamp::new(Timestamp::from_millis(1_800_000_000_000), random),
            slug.clone().into(),
            kind,
        )
    };
    Ok((first..first + count).map(event).collect())
}

/// Returns the CPU time of this process, in seconds.
///
/// # Errors
/// The system is not Linux.
pub fn cpu_seconds() -> io::Result<f64> {
    cpu_seconds_of(std::process::id())
}

/// Returns the CPU time of a process, in seconds.
///
/// # Errors
/// The process does not exist, or the system is not Linux.
pub fn cpu_seconds_of(process: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in brackets, the 12th and 13th fields are utime and stime, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let ticks: f64 = ticks.sum::<Result<_, _>>().map_err(io::Error::other)?;
    Ok(ticks / 100.0)
}
