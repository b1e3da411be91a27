//! Works on the files of the folder on all cores.

use std::{
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
    thread,
};

use crate::{
    front_matter::FileIssue,
    parse::{self, ParseContext, ParsedFile},
    source::SourceFile,
};

/// The maximum number of threads.
const MAX_THREADS: usize = 8;

/// Parses the files and returns them in their order.
pub(crate) fn parse_all(sources: &[SourceFile], context: &ParseContext) -> Vec<ParsedFile> {
    map(sources, |source| catch_panic(|| parse::parse(source, context)))
}

/// Calls `function` for all items on all cores and returns the results in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], function: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(MAX_THREADS);
    let chunk = items.len().div_ceil(threads).max(1);
    let map_chunk = &|chunk: &[T]| -> Vec<R> { chunk.iter().map(&function).collect() };
    thread::scope(|scope| {
        let spawn = |chunk| scope.spawn(move || map_chunk(chunk));
        let workers: Vec<_> = items.chunks(chunk).map(spawn).collect();
        let results = workers.into_iter();
        let results = results.flat_map(|worker| worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        results.collect()
    })
}

/// Turns a panic of the renderer into an issue of the one file.
fn catch_panic(parse: impl FnOnce() -> ParsedFile) -> ParsedFile {
    panic::catch_unwind(AssertUnwindSafe(parse)).unwrap_or_else(|_| {
        let reason = "the Markdown renderer panicked on this file; please report it with the file";
        ParsedFile::broken(FileIssue::error(None, reason))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_a_file_is_rendered_is_an_issue_of_that_file() {
        let parsed = catch_panic(|| panic!("in the renderer"));
        assert!(parsed.document.is_none() && parsed.issues.len() == 1);
    }
}
