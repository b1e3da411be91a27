//! Reads and renders the files of the folder on all cores.

use std::{
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
    thread,
};

use crate::{
    document::{self, Reading},
    front_matter::Fault,
    source::Source,
};

/// The most threads that render at once.
const MAX_THREADS: usize = 8;

/// How the folder is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether what is not public, or not yet, is part of the library: drafts, and posts whose time has not come.
    pub drafts: bool,
    /// Whether HTML in Markdown reaches the page as it is. Otherwise it is shown as text.
    pub raw_html: bool,
    /// The blog's own address, as `https://blog.example`; links to it are not external.
    pub base_url: String,
    /// First parts of addresses that are the server's own, as `feed.xml`; no page may have one as its slug.
    pub reserved: &'static [&'static str],
}

/// Renders the files on all cores, in their order.
pub(crate) fn read_all(sources: &[Source], options: &Options) -> Vec<Reading> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(MAX_THREADS);
    let share = sources.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let read = |share| move || read_share(share, options);
        let workers: Vec<_> = sources.chunks(share).map(|share| scope.spawn(read(share))).collect();
        let results = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)));
        results.collect()
    })
}

fn read_share(share: &[Source], options: &Options) -> Vec<Reading> {
    let read = |source| guarded(|| document::read(source, options));
    share.iter().map(read).collect()
}

/// Turns a panic of the renderer into a fault of the one file.
fn guarded(read: impl FnOnce() -> Reading) -> Reading {
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    read.unwrap_or_else(|_| {
        let reason = "the file cannot be rendered: the Markdown renderer panics on it; please report it with the file";
        Reading::broken(Fault::error(None, reason))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_a_file_is_rendered_is_a_fault_of_that_file() {
        let reading = guarded(|| panic!("in the renderer"));
        assert!(reading.document.is_none() && reading.faults.len() == 1);
    }
}
