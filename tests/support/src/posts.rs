use std::{fs, path::Path};

use anyhow::Context;
use tempfile::TempDir;

/// A folder of posts that goes when it is dropped.
#[derive(Debug)]
pub struct Posts(TempDir);

impl Posts {
    /// An empty folder.
    ///
    /// # Errors
    /// The disk's.
    pub fn empty() -> anyhow::Result<Self> {
        Ok(Self(TempDir::new().context("no temporary folder for posts")?))
    }

    /// Two short posts: `hello` and `second`.
    ///
    /// # Errors
    /// The disk's.
    pub fn two() -> anyhow::Result<Self> {
        let posts = Self::empty()?;
        posts.write(
            "hello.md",
            &text(
                "Hello, horizon",
                "2026-01-02",
                "The first words.\n\n## A heading\n\nMore words.",
            ),
        )?;
        posts.write("second.md", &text("A second post", "2026-01-03", "Other words."))?;
        Ok(posts)
    }

    /// Writes one file.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let path = self.0.path().join(name);
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn text(title: &str, date: &str, body: &str) -> String {
    format!(
        "---\ntitle: \"{title}\"\ndescription: \"A post of the tests\"\ndate: {date}\ntags: [test]\n---\n\n{body}\n"
    )
}
