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
    // utime and stime.
    seconds_of_fields(process, 2)
}

/// Returns the CPU time in seconds of a process and its children, including those that have ended. Use it for a server
/// of several processes, such as PostgreSQL.
///
/// # Errors
/// The process does not exist, or the system is not Linux.
pub fn cpu_seconds_with_children(process: u32) -> io::Result<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    // The time of a child that ends now is added to the process.
    let running: f64 = children.filter_map(|child| cpu_seconds_of(child).ok()).sum();
    // utime, stime, cutime and cstime.
    Ok(running + seconds_of_fields(process, 4)?)
}

/// Returns the sum of the first of the times in `/proc/…/stat`.
fn seconds_of_fields(process: u32, count: usize) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in brackets, the times begin with the 12th field, in hundredths of a second.
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(count).map(str::parse::<f64>);
    let ticks: f64 = ticks.sum::<Result<_, _>>().map_err(io::Error::other)?;
    Ok(ticks / 100.0)
}
