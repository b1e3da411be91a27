//! The posts of the year.

use std::fmt::Write as _;

use horizon_core::{Day, Slug};

use crate::Posts;

/// A post of the year.
#[derive(Clone, Debug)]
pub struct SeededPost {
    /// The name of its page.
    pub slug: Slug,
    /// The title.
    pub title: &'static str,
    /// The day on which it was published.
    pub published: Day,
    /// How long an engaged reader takes, in seconds.
    pub(super) reading_seconds: u32,
    /// The visits of the first day, relative to those of other posts.
    pub(super) launch: f64,
    /// The visits of each later day through search engines.
    pub(super) lasting: f64,
    /// Whether one source makes a peak of it.
    pub(super) has_peak: bool,
}

/// A line of [`POSTS`]: slug, title, days since it was published, reading time, launch, lasting visits.
type PostRow = (&'static str, &'static str, i64, u32, f64, f64);

/// The post of the peak, which appeared a week earlier.
const PEAK_SLUG: &str = "nine-years-of-one-side-project";

const POSTS: [PostRow; 14] = [
    ("reading-a-flame-graph", "Reading a flame graph", 361, 420, 40.0, 11.0),
    (
        "sqlite-in-production",
        "SQLite in production: a checklist",
        331,
        540,
        60.0,
        14.0,
    ),
    ("my-terminal-this-year", "My terminal this year", 301, 240, 45.0, 1.0),
    ("design-documents", "Why I write design documents", 268, 380, 50.0, 1.5),
    (
        "time-zones-are-not-offsets",
        "Time zones are not offsets",
        233,
        460,
        70.0,
        8.0,
    ),
    (
        "a-budget-for-dependencies",
        "A budget for dependencies",
        205,
        350,
        55.0,
        1.2,
    ),
    (
        "notes-from-a-small-conference",
        "Notes from a small conference",
        171,
        300,
        40.0,
        0.4,
    ),
    ("deleting-code", "Deleting code", 141, 260, 65.0, 0.9),
    (
        "backups-that-were-restored",
        "Backups that were restored",
        104,
        430,
        60.0,
        2.2,
    ),
    ("how-long-a-test-waits", "How long a test waits", 69, 320, 70.0, 1.0),
    ("small-pages-load-fast", "Small pages load fast", 41, 390, 85.0, 1.5),
    ("retry-but-not-forever", "Retry, but not forever", 22, 470, 100.0, 1.8),
    (PEAK_SLUG, "Nine years of one side project", 9, 620, 80.0, 1.0),
    ("what-a-cache-forgets", "What a cache forgets", 1, 440, 120.0, 1.0),
];

/// Returns the Tuesday of the peak: the last one before yesterday.
pub(super) fn peak(today: Day) -> Day {
    let latest = Day::from_number(today.number() - 2);
    latest.previous().monday().next()
}

/// Returns the posts of a year that ends today, the oldest first.
pub(super) fn posts(today: Day) -> anyhow::Result<Vec<SeededPost>> {
    let post = |(slug, title, age, reading_seconds, launch, lasting): PostRow| {
        Ok(SeededPost {
            slug: Slug::new(slug)?,
            title,
            published: Day::from_number(today.number() - age),
            reading_seconds,
            launch,
            lasting,
            has_peak: slug == PEAK_SLUG,
        })
    };
    POSTS.into_iter().map(post).collect()
}

impl SeededPost {
    /// Writes it as a Markdown file.
    pub(super) fn write(&self, posts: &Posts) -> anyhow::Result<()> {
        let (title, day) = (self.title, self.published);
        let mut text = format!("---\ntitle: \"{title}\"\ndescription: \"{title}, in a few words\"\ndate: {day}\n");
        text.push_str("tags: [notes]\n---\n\n");
        for section in 1..=self.reading_seconds / 100 {
            writeln!(text, "## Part {section}\n")?;
            for _ in 0..4 {
                writeln!(text, "{PARAGRAPH}\n")?;
            }
        }
        posts.write(&format!("{}.md", self.slug), &text)
    }
}

/// The text of all posts.
const PARAGRAPH: &str = "A program that is measured can be improved, and one that is only believed in cannot. \
    So write down what it should cost, look at what it costs, and explain the difference before you change anything.";
