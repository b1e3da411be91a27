use std::{
    fmt,
    path::{Path, PathBuf},
};

/// How much a [`Problem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A file is left out, and probably rightly so.
    Note,
    /// A file is shown, but something in it has no effect and is probably a mistake.
    Warning,
    /// A file is not shown as its author wants it.
    Error,
}

/// What a [`Problem`] does to its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The file is not shown.
    NotShown,
    /// The file cannot be shown as it is now, and its last good version is shown instead.
    LastGoodShown,
    /// The file is shown.
    Shown,
    /// The file is taken for something else than a post.
    Skipped,
}

/// One thing that is wrong with the content folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// The line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// What it does to the file.
    pub effect: Effect,
    /// What is wrong, as one sentence for the author.
    pub reason: String,
}

impl Problem {
    pub(crate) fn new(path: &Path, line: Option<usize>, effect: Effect, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            effect,
            reason: reason.into(),
        }
    }

    /// Where it is, with the line if that is known: `posts/a.md:3`.
    #[must_use]
    pub fn place(&self) -> String {
        let path = self.path.display();
        self.line
            .map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.effect {
            Effect::NotShown | Effect::LastGoodShown => Severity::Error,
            Effect::Shown => Severity::Warning,
            Effect::Skipped => Severity::Note,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.place())?;
        match self.severity() {
            Severity::Error => {}
            Severity::Warning => f.write_str(" warning:")?,
            Severity::Note => f.write_str(" note:")?,
        }
        write!(f, " {}", self.reason)
    }
}

/// Everything that is wrong with the content folder, by path and line; shown one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        Self(problems)
    }

    /// The problems one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// Returns those that matter at least as much as this.
    #[must_use]
    pub fn at_least(&self, severity: Severity) -> Self {
        let some = self.iter().filter(|problem| problem.severity() >= severity);
        Self(some.cloned().collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are not among `others`.
    pub(crate) fn without<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a Problem> {
        self.iter().filter(|problem| !others.0.contains(problem))
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
