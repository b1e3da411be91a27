//! What a folder of posts costs the blog's server: the time to the first response, memory, the size of `/blog`, and the
//! CPU time of a reload.
//!
//! `HORIZON_WEB_BIN=target/release/horizon-web cargo bench -p horizon-benches --bench content` writes 1,000 posts, and
//! then 53 posts of code, into a temporary folder. A number as an argument is the seed of their text; without one it is
//! random. `HORIZON_SITE` is the bundle, as for the server. Needs Linux.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]
#![expect(clippy::print_stdout, reason = "prints its results")]

mod posts;
mod server;

use std::{fs, path::Path, thread::sleep, time::Duration};

use posts::{CODE_POSTS, POSTS};
use server::ContentServer;

/// How often each start is measured. The median is printed; one start before them warms the page cache.
const STARTS: usize = 11;

/// The pages whose first response is measured.
const PAGES: [&str; 3] = ["/", "/blog", "/blog/post-0500"];

fn main() {
    // Cargo passes options of its own.
    let seed = std::env::args().find_map(|argument| argument.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let (many, code) = (folder.path().join("many"), folder.path().join("code"));
    posts::write_posts(&many, &mut random).unwrap();
    posts::write_code_posts(&code, &mut random).unwrap();
    for page in PAGES {
        measure_start(&many, page);
    }
    let server = ContentServer::start(&many);
    let blog = server.get("/blog");
    println!("/blog with {POSTS} posts: {} bytes", blog.len());
    measure_memory(&server, &format!("{POSTS} posts"));
    measure_reload(&server, &many.join("post-0500.md"));
    drop(server);
    let server = ContentServer::start(&code);
    server.get("/");
    measure_memory(&server, &format!("{CODE_POSTS} posts of code"));
}

/// Prints the time from the start of the process to the end of the first response.
fn measure_start(posts: &Path, page: &str) {
    drop(ContentServer::start(posts));
    let start = || {
        let server = ContentServer::start(posts);
        server.get(page);
        server.age()
    };
    let mut times: Vec<Duration> = (0..STARTS).map(|_| start()).collect();
    times.sort_unstable();
    let (Some(median), Some(longest)) = (times.get(STARTS / 2), times.last()) else {
        return;
    };
    println!("{page}: first response {median:.1?} after the start, longest {longest:.1?}");
}

/// Prints the memory of a server that is idle after its start.
fn measure_memory(server: &ContentServer, posts: &str) {
    let busy = server.settle();
    let memory = server.memory();
    println!(
        "{posts}: idle after {busy:.1?}, RSS {} kB, PSS {} kB, highest RSS {} kB",
        memory.rss, memory.pss, memory.highest_rss
    );
}

/// Prints the CPU time after one post has changed.
fn measure_reload(server: &ContentServer, post: &Path) {
    let before = server.cpu_seconds();
    let text = fs::read_to_string(post).unwrap();
    fs::write(post, format!("{text}\nAnother paragraph.\n")).unwrap();
    // The server waits before it reads a changed folder.
    sleep(Duration::from_secs(1));
    server.settle();
    println!("reload after one change: {:.2} s of CPU", server.cpu_seconds() - before);
}
