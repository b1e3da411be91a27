//! Where `tracing-subscriber` writes to.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::line::one_line;
use super::queue::Queue;

/// Queues each event as one line.
pub(super) struct Lines {
    queue: Arc<Queue>,
    colours: bool,
}

impl Lines {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self {
            queue,
            colours: io::stderr().is_terminal(),
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            lines: self,
            is_error: false,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line {
            lines: self,
            is_error: *metadata.level() == Level::ERROR,
        }
    }
}

/// Takes one event, whose text comes in one piece.
pub(super) struct Line<'a> {
    lines: &'a Lines,
    is_error: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&String::from_utf8_lossy(event), self.lines.colours);
        self.lines.queue.push(line, self.is_error);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
