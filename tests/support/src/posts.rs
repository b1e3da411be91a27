use std::{fs, path::Path};

use anyhow::Context;
use tempfile::TempDir;

/// A temporary folder of posts. Dropping it deletes the folder.
#[derive(Debug)]
pub struct Posts(TempDir);

impl Posts {
    /// Creates an empty folder.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn empty() -> anyhow::Result<Self> {
        Ok(Self(TempDir::new().context("no temporary folder for posts")?))
    }

    /// Creates a folder with two short posts: `hello` and `second`.
    ///
    /// # Errors
    /// The folder or a post cannot be written.
    pub fn two() -> anyhow::Result<Self> {
        let posts = Self::empty()?;
        posts.write(
            "hello.md",
            &markdown(
                "Hello, horizon",
                "2026-01-02",
                "The first words.\n\n## A heading\n\nMore words.",
            ),
        )?;
        posts.write("second.md", &markdown("A second post", "2026-01-03", "Other words."))?;
        Ok(posts)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let path = self.0.path().join(name);
        fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Returns the path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn markdown(title: &str, date: &str, body: &str) -> String {
    format!(
        "---\ntitle: \"{title}\"\ndescription: \"A post of the tests\"\ndate: {date}\ntags: [test]\n---\n\n{body}\n"
    )
}
