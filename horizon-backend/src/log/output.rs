//! The thread that writes to standard error.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::limit::{Limit, WINDOW, say_lost};
use super::metrics::Dropped;
use super::queue::Queue;

/// Starts the thread. It ends with the process, as the log does. Returns whether it runs.
pub(super) fn start(queue: Arc<Queue>, limit: Limit) -> bool {
    let thread = thread::Builder::new().name("horizon-log".into());
    let mut output = Output::new(standard_error());
    let started = thread.spawn(move || {
        let mut next_window = Instant::now() + WINDOW;
        loop {
            if let Some(line) = queue.next(next_window.saturating_duration_since(Instant::now())) {
                output.write(&line);
            }
            if Instant::now() >= next_window {
                next_window = Instant::now() + WINDOW;
                limit.next_window();
                output.report(&queue);
            }
        }
    });
    started.is_ok()
}

/// Standard error as a file of our own. `std::io::Stderr` has a lock, and whoever panics would wait for it as long as
/// nobody reads what this thread writes.
#[cfg(unix)]
fn standard_error() -> Box<dyn Write + Send> {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    match io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => Box::new(File::from(descriptor)),
        Err(_) => Box::new(io::stderr()),
    }
}

#[cfg(not(unix))]
fn standard_error() -> Box<dyn Write + Send> {
    Box::new(io::stderr())
}

/// Writes lines and counts those that it cannot write.
struct Output<W> {
    to: W,
    /// How many lines were not written since the last report.
    failed: u64,
    /// The last line was not written, or only its beginning.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    fn new(to: W) -> Self {
        Self {
            to,
            failed: 0,
            is_torn: false,
        }
    }

    fn write(&mut self, line: &str) {
        let line = match self.is_torn {
            true => &*format!("\n{line}"),
            false => line,
        };
        self.is_torn = self.to.write_all(line.as_bytes()).is_err();
        if self.is_torn {
            self.failed += 1;
            Dropped::WriteError.count();
        }
    }

    /// Says how many lines were lost, unless there is still nobody to say it to.
    fn report(&mut self, queue: &Queue) {
        if self.is_torn {
            return;
        }
        let lost = std::mem::take(&mut self.failed) + queue.take_overflowed();
        if lost > 0 {
            say_lost(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with this much room.
    struct Disk {
        room: usize,
        file: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= taken;
            self.file.extend(bytes.iter().take(taken));
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn after_a_full_disk_the_next_line_begins_on_a_line_of_its_own() {
        let mut output = Output::new(Disk {
            room: 8,
            file: Vec::new(),
        });
        for line in ["first\n", "second\n", "third\n"] {
            output.write(line);
        }
        assert_eq!(output.failed, 2);
        output.to.room = 100;
        output.write("fourth\n");
        assert_eq!(String::from_utf8_lossy(&output.to.file), "first\nse\nfourth\n");
        assert!(!output.is_torn);
    }
}
