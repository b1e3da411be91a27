//! The writer of `tracing-subscriber`.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::line::one_line;
use super::queue::LineQueue;

/// Queues each event as one line.
pub(super) struct QueueWriter {
    queue: Arc<LineQueue>,
    has_colors: bool,
}

impl QueueWriter {
    pub(super) fn new(queue: Arc<LineQueue>) -> Self {
        Self {
            queue,
            has_colors: io::stderr().is_terminal(),
        }
    }
}

impl<'a> MakeWriter<'a> for QueueWriter {
    type Writer = EventWriter<'a>;

    fn make_writer(&'a self) -> EventWriter<'a> {
        EventWriter {
            writer: self,
            is_error: false,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> EventWriter<'a> {
        EventWriter {
            writer: self,
            is_error: *metadata.level() == Level::ERROR,
        }
    }
}

/// Writes one event, whose text is one `write`.
pub(super) struct EventWriter<'a> {
    writer: &'a QueueWriter,
    is_error: bool,
}

impl Write for EventWriter<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&String::from_utf8_lossy(event), self.writer.has_colors);
        self.writer.queue.push(line, self.is_error);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
