//! Measures how long a content folder takes to read: `cargo run --release -p horizon-posts --example load_folder DIR`.
//!
//! Documents are rendered on first use, so this is the time to read the files and to parse their front matter.

use std::{env, path::Path, time::Instant};

use horizon_posts::{ContentFolder, ContentOptions};

/// The number of measurements, of which the fastest counts.
const RUNS: usize = 20;

#[expect(clippy::print_stdout, reason = "the result is for the terminal")]
fn main() {
    let folder = env::args().nth(1).unwrap_or_else(|| ".".into());
    let mut fastest = f64::INFINITY;
    let mut diagnostics = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let content = ContentFolder::load(Path::new(&folder), &ContentOptions::default());
        fastest = fastest.min(start.elapsed().as_secs_f64() * 1_000.0);
        diagnostics = content.diagnostics().len();
    }
    println!("{fastest:.1} ms, {diagnostics} diagnostics");
}
