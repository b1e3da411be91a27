use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The severity of a [`Diagnostic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A file is skipped or has another URL, probably as intended.
    Note,
    /// A file is shown, but part of it has no effect.
    Warning,
    /// A file is not shown in its current version.
    Error,
}

/// The effect of a [`Diagnostic`] on its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiagnosticEffect {
    /// The file is not shown.
    NotShown,
    /// The last good version of the file is shown.
    LastGoodShown,
    /// The file is shown.
    Shown,
    /// The file is not a post.
    Skipped,
    /// The file is shown, and its URL is not the one of its name.
    OtherUrl,
}

/// An error, warning or note about a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The file or folder.
    pub path: PathBuf,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// The effect on the file.
    pub effect: DiagnosticEffect,
    /// One sentence for the author.
    pub reason: String,
}

impl Diagnostic {
    pub(crate) fn new(path: &Path, line: Option<usize>, effect: DiagnosticEffect, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            effect,
            reason: reason.into(),
        }
    }

    /// Returns the path, with the line if it is known: `posts/a.md:3`.
    #[must_use]
    pub fn location(&self) -> String {
        let path = self.path.display();
        self.line
            .map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
    }

    /// Returns the severity.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.effect {
            DiagnosticEffect::NotShown | DiagnosticEffect::LastGoodShown => Severity::Error,
            DiagnosticEffect::Shown => Severity::Warning,
            DiagnosticEffect::Skipped | DiagnosticEffect::OtherUrl => Severity::Note,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.location())?;
        match self.severity() {
            Severity::Error => {}
            Severity::Warning => f.write_str(" warning:")?,
            Severity::Note => f.write_str(" note:")?,
        }
        write!(f, " {}", self.reason)
    }
}

/// The diagnostics of the content folder, by path and line. Displayed one per line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Returns an iterator over the diagnostics.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Returns the diagnostics of at least this severity.
    #[must_use]
    pub fn at_least(&self, severity: Severity) -> Self {
        let diagnostics = self.iter().filter(|diagnostic| diagnostic.severity() >= severity);
        diagnostics.cloned().collect()
    }

    /// Returns the number of diagnostics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the diagnostics that are not in `others`.
    pub(crate) fn without<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a Diagnostic> {
        self.iter().filter(|diagnostic| !others.0.contains(diagnostic))
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        let mut diagnostics: Vec<Diagnostic> = diagnostics.into_iter().collect();
        diagnostics.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        Self(diagnostics)
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}
