use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{Diagnostic, DiagnosticEffect, Severity};

/// What a [`Finding`] is about. The names are stable: programs may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckRule {
    /// A file is not shown in its current version.
    NotShown,
    /// Part of a file's front matter has no effect.
    FrontMatter,
    /// A file has another URL than its name says, because another file has that one.
    OtherUrl,
    /// A file is not a post.
    Skipped,
    /// The folder has no post that is or becomes public.
    NoPosts,
    /// A link leads to no page or file of this blog.
    DeadLink,
    /// A link leads to a file that is not public when its reader follows it.
    NotPublic,
    /// The fragment of a link is no id of the page.
    DeadAnchor,
    /// A link has an old address of a post or page, which works only by a redirect or as long as this blog knows it.
    OldAddress,
    /// The URL of a link or picture has a scheme that is not allowed.
    Scheme,
    /// A picture does not exist.
    MissingPicture,
    /// A picture of another site, which the Content-Security-Policy blocks.
    BlockedPicture,
    /// A picture has no alternative text.
    NoAlternativeText,
    /// Readers do not see part of the text as its author means it, such as a shortcode of another generator.
    Markup,
    /// The blog has a default where the configuration of the generator has a value.
    Setting,
}

impl CheckRule {
    /// Returns the name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotShown => "not-shown",
            Self::FrontMatter => "front-matter",
            Self::OtherUrl => "other-url",
            Self::Skipped => "skipped",
            Self::NoPosts => "no-posts",
            Self::DeadLink => "dead-link",
            Self::NotPublic => "not-public",
            Self::DeadAnchor => "dead-anchor",
            Self::OldAddress => "old-address",
            Self::Scheme => "scheme",
            Self::MissingPicture => "missing-picture",
            Self::BlockedPicture => "blocked-picture",
            Self::NoAlternativeText => "no-alternative-text",
            Self::Markup => "markup",
            Self::Setting => "setting",
        }
    }

    /// Returns the severity of its findings. Those of [`Markup`](Self::Markup) have their own.
    fn severity(self) -> Severity {
        match self {
            Self::NotShown => Severity::Error,
            Self::OtherUrl | Self::Skipped | Self::OldAddress | Self::NoAlternativeText | Self::Setting => {
                Severity::Note
            }
            _ => Severity::Warning,
        }
    }
}

/// Something that a reader of the blog or its author would trip over. Displayed like a [`Diagnostic`], with the name of
/// its rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What it is about.
    pub rule: CheckRule,
    /// How much it matters.
    pub severity: Severity,
    /// The file or folder.
    pub path: PathBuf,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// One sentence for the author.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(rule: CheckRule, path: &Path, line: Option<usize>, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            path: path.to_owned(),
            line,
            message,
        }
    }
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let rule = match diagnostic.effect {
            DiagnosticEffect::NotShown | DiagnosticEffect::LastGoodShown => CheckRule::NotShown,
            DiagnosticEffect::Shown => CheckRule::FrontMatter,
            DiagnosticEffect::OtherUrl => CheckRule::OtherUrl,
            DiagnosticEffect::Skipped => CheckRule::Skipped,
        };
        Self::new(rule, &diagnostic.path, diagnostic.line, diagnostic.reason.clone())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        match self.severity {
            Severity::Error => {}
            Severity::Warning => f.write_str(" warning:")?,
            Severity::Note => f.write_str(" note:")?,
        }
        write!(f, " {} [{}]", self.message, self.rule.name())
    }
}
