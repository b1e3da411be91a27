//! The thread that writes to standard error.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::dropped::DropReason;
use super::limit::{RateLimit, WINDOW, log_lost_lines};
use super::queue::LineQueue;

/// Starts the thread, which ends with the process. Returns whether that succeeded.
pub(super) fn start(queue: Arc<LineQueue>, limit: RateLimit) -> bool {
    let thread = thread::Builder::new().name("horizon-log".into());
    let mut output = LogOutput::new(standard_error());
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

/// Returns standard error without the lock of `std::io::Stderr`: while this thread is blocked in a write, a panicking
/// thread would wait for that lock.
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
struct LogOutput<W> {
    to: W,
    /// The lines that failed since the last report.
    failed: u64,
    /// The last line was not written completely.
    is_torn: bool,
}

impl<W: Write> LogOutput<W> {
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
            DropReason::WriteError.count();
        }
    }

    /// Logs how many lines were lost, once standard error works again.
    fn report(&mut self, queue: &LineQueue) {
        if self.is_torn {
            return;
        }
        let lost = std::mem::take(&mut self.failed) + queue.take_overflowed();
        if lost > 0 {
            log_lost_lines(lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct LimitedDisk {
        free_bytes: usize,
        file: Vec<u8>,
    }

    impl Write for LimitedDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.free_bytes);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.free_bytes -= taken;
            self.file.extend(bytes.iter().take(taken));
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn after_a_full_disk_the_next_event_starts_a_new_line() {
        let mut output = LogOutput::new(LimitedDisk {
            free_bytes: 8,
            file: Vec::new(),
        });
        for line in ["first\n", "second\n", "third\n"] {
            output.write(line);
        }
        assert_eq!(output.failed, 2);
        output.to.free_bytes = 100;
        output.write("fourth\n");
        assert_eq!(String::from_utf8_lossy(&output.to.file), "first\nse\nfourth\n");
        assert!(!output.is_torn);
    }
}
