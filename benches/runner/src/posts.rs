//! A blog of many posts, each as long as a short one and with code to highlight.

use std::fs;

use tempfile::TempDir;

/// How many posts there are.
pub(crate) const POSTS: usize = 1_000;

/// What a post weighs, in bytes.
const WEIGHT: usize = 2_900;

/// The days of a month that every month has.
const DAYS: usize = 28;

const CODE: &str = "
```rust
fn main() {
    let readers: u64 = (1..=17).sum();
    println!(\"{readers} are reading now\");
}
```
";

const SENTENCE: &str =
    "Whoever opens a page shows up on every other one at once, and whoever closes it is gone a moment later. ";

/// Writes them into a folder that goes when it is dropped.
pub(crate) fn write() -> anyhow::Result<TempDir> {
    let folder = TempDir::new()?;
    for number in 0..POSTS {
        let name = format!("post-{number:04}.md");
        fs::write(folder.path().join(name), post(number))?;
    }
    Ok(folder)
}

fn post(number: usize) -> String {
    let (year, month, day) = (2020 + number / (12 * DAYS), 1 + number / DAYS % 12, 1 + number % DAYS);
    let mut text = format!(
        "---\ntitle: Post {number}\ndescription: One of many\ndate: {year}-{month:02}-{day:02}\ntags: [bench]\n---\n\n"
    );
    while text.len() + SENTENCE.len() + CODE.len() < WEIGHT {
        text.push_str(SENTENCE);
        if text.len() % 3 == 0 {
            text.push_str("\n\n");
        }
    }
    text.push_str(CODE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_weighs_what_it_should() {
        for number in [0, 1, POSTS - 1] {
            let weight = post(number).len();
            assert!(weight <= WEIGHT && weight + SENTENCE.len() > WEIGHT - 2, "{weight}");
        }
    }
}
