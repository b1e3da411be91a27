//! A blog with many short posts that contain code.

use std::fs;

use tempfile::TempDir;

/// Number of posts.
pub(crate) const POSTS: usize = 1_000;

/// The size of a post, in bytes.
const POST_SIZE: usize = 2_900;

/// Days that every month has.
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
    "Each open page shows how many people read it now, and all pages show a new viewer at the same moment. ";

/// Writes the posts into a temporary folder. Dropping it deletes the folder.
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
    while text.len() + SENTENCE.len() + CODE.len() < POST_SIZE {
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
    fn a_post_has_the_expected_size() {
        for number in [0, 1, POSTS - 1] {
            let size = post(number).len();
            assert!(size <= POST_SIZE && size + SENTENCE.len() > POST_SIZE - 2, "{size}");
        }
    }
}
