//! Posts with text and code of different languages.

use std::{fmt::Write as _, fs, io, path::Path};

use fastrand::Rng;

/// The number of posts of text with one block of code.
pub(crate) const POSTS: usize = 1_000;

/// The number of posts that are mostly code.
pub(crate) const CODE_POSTS: usize = 53;

/// The size of a post of text, in bytes.
const POST_BYTES: usize = 3_000;

/// The numbers of code blocks in a post of code.
const BLOCKS: std::ops::Range<usize> = 4..12;

/// The numbers of snippets in a block of such a post.
const SNIPPETS: std::ops::Range<usize> = 2..6;

/// Days that every month has.
const DAYS: usize = 28;

const WORDS: [&str; 20] = [
    "reader", "page", "counter", "stream", "window", "frame", "visit", "server", "session", "cache", "query", "report",
    "value", "index", "title", "author", "total", "event", "folder", "batch",
];

/// A piece of code of each language. `NAME` and `OTHER` stand for words, `7` for a number.
const LANGUAGES: [(&str, &str); 14] = [
    ("rust", include_str!("snippets/rust.txt")),
    ("typescript", include_str!("snippets/typescript.txt")),
    ("javascript", include_str!("snippets/javascript.txt")),
    ("python", include_str!("snippets/python.txt")),
    ("bash", include_str!("snippets/bash.txt")),
    ("json", include_str!("snippets/json.txt")),
    ("yaml", include_str!("snippets/yaml.txt")),
    ("toml", include_str!("snippets/toml.txt")),
    ("html", include_str!("snippets/html.txt")),
    ("css", include_str!("snippets/css.txt")),
    ("sql", include_str!("snippets/sql.txt")),
    ("go", include_str!("snippets/go.txt")),
    ("c", include_str!("snippets/c.txt")),
    ("dockerfile", include_str!("snippets/dockerfile.txt")),
];

/// Writes [`POSTS`] posts.
pub(crate) fn write_posts(folder: &Path, random: &mut Rng) -> io::Result<()> {
    write(folder, POSTS, |number| {
        let mut text = front_matter(number, random);
        let code = code(random, 1);
        while text.len() + code.len() < POST_BYTES {
            text.push_str(&paragraph(random));
        }
        text + &code
    })
}

/// Writes [`CODE_POSTS`] posts of code.
pub(crate) fn write_code_posts(folder: &Path, random: &mut Rng) -> io::Result<()> {
    write(folder, CODE_POSTS, |number| {
        let mut text = front_matter(number, random);
        for _ in 0..random.usize(BLOCKS) {
            text.push_str(&paragraph(random));
            let snippets = random.usize(SNIPPETS);
            text.push_str(&code(random, snippets));
        }
        text
    })
}

fn write(folder: &Path, count: usize, mut post: impl FnMut(usize) -> String) -> io::Result<()> {
    fs::create_dir(folder)?;
    for number in 0..count {
        fs::write(folder.join(format!("post-{number:04}.md")), post(number))?;
    }
    Ok(())
}

fn front_matter(number: usize, random: &mut Rng) -> String {
    let (year, month, day) = (2010 + number / (12 * DAYS), 1 + number / DAYS % 12, 1 + number % DAYS);
    let (first, second) = (word(random), word(random));
    format!(
        "---\ntitle: Post {number} about a {first}\ndescription: One of many\ndate: {year}-{month:02}-{day:02}\n\
         tags: [{first}, {second}]\n---\n\n"
    )
}

fn paragraph(random: &mut Rng) -> String {
    let mut text = String::new();
    if random.u8(..4) == 0 {
        // Writing to a `String` does not fail.
        let _ = write!(text, "## The {} of a {}\n\n", word(random), word(random));
    }
    for _ in 0..random.usize(3..8) {
        let (a, b, c) = (word(random), word(random), word(random));
        let _ = write!(
            text,
            "Each *{a}* has a [{b}](https://example.com/{b}) and shows its `{c}`. "
        );
    }
    text + "\n\n"
}

fn code(random: &mut Rng, snippets: usize) -> String {
    let Some((language, snippet)) = random.choice(&LANGUAGES) else {
        return String::new();
    };
    let mut text = format!("```{language}\n");
    for _ in 0..snippets {
        let filled = snippet.replace("NAME", word(random)).replace("OTHER", word(random));
        text.push_str(&filled.replace('7', &random.u16(..).to_string()));
    }
    text + "```\n\n"
}

fn word(random: &mut Rng) -> &'static str {
    random.choice(WORDS).unwrap_or_default()
}
