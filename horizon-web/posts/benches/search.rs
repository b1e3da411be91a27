//! The time and the memory of the search in 1,000 posts of six languages.
//!
//! `cargo bench -p horizon-posts --bench search`

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a failed setup stops the benchmark, which prints its figures; ranks are small positive numbers"
)]

use std::{
    fs,
    time::{Duration, Instant},
};

use horizon_core::Timestamp;
use horizon_posts::{ContentOptions, Library, SearchIndex};
use tempfile::TempDir;

const POSTS: usize = 1_000;

/// The words of a post: about the length of a long article.
const WORDS: usize = 1_200;

/// The words of each language. The most frequent one is in nearly all posts.
const VOCABULARY: usize = 20_000;

/// The posts of a page of results.
const RESULTS: usize = 20;

/// The times that each search runs.
const ROUNDS: usize = 100;

/// The syllables of the words of each language.
const LANGUAGES: [(&str, &str); 6] = [
    ("en", "the con ing ter ra per so lo mi ne ate ion st re un gra ble"),
    (
        "de",
        "ge ver schaft ung ä hei keit bau ö str ein aus über wal zen ü chen",
    ),
    ("fr", "dé tion eur ê lle mai quoi é re cha ti onne ç ou vre ie"),
    ("es", "ción mien to ra ñ do par á jo que lla mos ó tar con ción"),
    (
        "ja",
        "検 索 の 文 字 全 東 京 日 本 語 で す ラ ー メ ン 桜 猫 記 事 書 読 人 間",
    ),
    ("ar", "ال كت مد رس ة ون ين مك بر نا مج تع لم قر أ ي ا"),
];

/// Xorshift, so that each run has the same posts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Returns the rank of a word: low ranks are frequent, as in natural text (Zipf).
    fn rank(&mut self) -> usize {
        let exponent = self.below(1_000_000) as f64 / 1_000_000.0;
        (VOCABULARY as f64).powf(exponent) as usize
    }
}

fn word(syllables: &[&str], rank: usize) -> String {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (rank as u64 + 1).wrapping_mul(0xff51_afd7_ed55_8ccd));
    let length = 2 + random.below(3);
    (0..length).map(|_| syllables[random.below(syllables.len())]).collect()
}

fn posts() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(88_172_645_463_325_252);
    for number in 0..POSTS {
        let (language, syllables) = LANGUAGES[number % LANGUAGES.len()];
        let syllables: Vec<&str> = syllables.split(' ').collect();
        let mut words = |count: usize| {
            let words = (0..count).map(|_| word(&syllables, random.rank()));
            words.collect::<Vec<_>>().join(if language == "ja" { "" } else { " " })
        };
        let mut text = format!(
            "---\ntitle: {}\nlang: {language}\ntags: [{}]\ndate: 2026-01-01\n---\n",
            words(5),
            words(1)
        );
        for _ in 0..WORDS / 100 {
            text.push_str(&format!("## {}\n\n{}\n\n", words(3), words(97)));
        }
        fs::write(folder.path().join(format!("post-{number}.md")), text).unwrap();
    }
    folder
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// Returns the CPU time of this thread.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

/// Returns the time of a search with its passages, and the number of results.
fn query(index: &SearchIndex, query: &str) -> (Duration, usize) {
    let start = Instant::now();
    let found = index.search(query);
    std::hint::black_box(found.passages(found.results.iter().take(RESULTS)));
    (start.elapsed(), found.results.len())
}

fn main() {
    let folder = posts();
    let options = ContentOptions::default();
    let library = Library::load(folder.path(), &options, Timestamp::from_millis(1_800_000_000_000));
    let start = Instant::now();
    let bytes: usize = library.posts().iter().map(|post| post.html().len()).sum();
    println!(
        "{} posts, {} MB of HTML, rendered in {:?}",
        library.posts().len(),
        bytes >> 20,
        start.elapsed()
    );

    let (before, start) = (resident(), cpu_time());
    let index = SearchIndex::build(&library, || false).unwrap();
    let built = cpu_time() - start;
    println!(
        "index built with {built:?} of CPU time; {:.1} MB more resident memory",
        (resident() - before) as f64 / 1e6
    );
    measure(&index);
}

/// Prints the time of searches of each kind.
fn measure(index: &SearchIndex) {
    let syllables = |at: usize| LANGUAGES[at].1.split(' ').collect::<Vec<_>>();
    let (english, german, japanese) = (syllables(0), syllables(1), syllables(4));
    let words = |range: std::ops::Range<usize>| range.map(|rank| word(&english, rank)).collect::<Vec<_>>().join(" ");
    let frequent = words(1..4);
    let with_errors: Vec<String> = (50..54)
        .map(|rank| word(&german, rank).replacen(['e', 'u'], "x", 1))
        .collect();
    let searches = [
        ("one word", word(&english, 300)),
        ("three frequent words", frequent),
        ("four words with errors", with_errors.join(" ")),
        ("two letters", "re".to_owned()),
        (
            "a Japanese phrase",
            (30..33).map(|rank| word(&japanese, rank)).collect(),
        ),
        ("16 frequent words", words(1..17)),
        (
            "16 unknown words",
            (0..16).map(|number| format!("zqxwv{number}kj ")).collect(),
        ),
        ("200 characters", "の".repeat(200)),
    ];
    println!(
        "{:<24} {:>6} {:>12} {:>14}",
        "search", "found", "mean CPU ms", "shortest ms"
    );
    for (name, text) in searches {
        let start = cpu_time();
        let times: Vec<(Duration, usize)> = (0..ROUNDS).map(|_| query(index, &text)).collect();
        let mean = (cpu_time() - start).as_secs_f64() * 1e3 / ROUNDS as f64;
        let (shortest, found) = times.into_iter().min().unwrap();
        println!(
            "{name:<24} {found:>6} {mean:>12.2} {:>14.2}",
            shortest.as_secs_f64() * 1e3
        );
    }
}
