//! The folder of posts: read for a start, and checked.

use std::io::{self, Write};

use anyhow::{bail, ensure};
use horizon_backend::now;
use horizon_posts::{Content, Library, Options, Problems, Severity};

use crate::{config, routes};

/// Reads the folder of posts, and lists warnings, waiting posts and the number of posts on standard output.
///
/// # Errors
/// Lists every file that cannot be shown; with `--strict` also the warnings.
pub fn check(settings: &config::Content) -> anyhow::Result<()> {
    let content = load(settings, String::new());
    let library = content.library(now());
    report(settings, &library, &mut io::stdout())?;
    refuse(settings, content.problems())
}

/// Reads the folder for a start.
///
/// # Errors
/// Nothing in it can be shown, or with `--strict` something in it is wrong.
pub(crate) fn read(settings: &config::Content, base_url: String) -> anyhow::Result<Content> {
    let content = load(settings, base_url);
    if settings.strict || content.is_all_broken() {
        refuse(settings, content.problems())?;
    }
    if content.library(now()).posts().is_empty() {
        let folder = settings.posts.display();
        tracing::warn!(
            %folder,
            "there is no public post in the folder of posts (HORIZON_POSTS); the blog starts without"
        );
    }
    Ok(content)
}

fn load(settings: &config::Content, base_url: String) -> Content {
    let options = Options {
        drafts: settings.drafts,
        raw_html: settings.raw_html,
        base_url,
        reserved: &routes::RESERVED,
    };
    Content::load(&settings.posts, &options)
}

fn refuse(settings: &config::Content, problems: &Problems) -> anyhow::Result<()> {
    let folder = settings.posts.display();
    let errors = problems.at_least(Severity::Error);
    if !errors.is_empty() {
        bail!("HORIZON_POSTS: these files in {folder} cannot be shown:\n{errors}");
    }
    let warnings = problems.at_least(Severity::Warning);
    ensure!(
        !settings.strict || warnings.is_empty(),
        "HORIZON_STRICT: something in these files in {folder} has no effect:\n{warnings}"
    );
    Ok(())
}

/// Writes everything but the errors, which [`refuse`] lists, and a summary as the last line.
fn report(settings: &config::Content, library: &Library, out: &mut impl Write) -> io::Result<()> {
    let problems = library.problems();
    let errors = problems.at_least(Severity::Error).len();
    let warnings = problems.at_least(Severity::Warning).len() - errors;
    for problem in problems.iter().filter(|problem| problem.severity() != Severity::Error) {
        writeln!(out, "{problem}")?;
    }
    for waiting in library.waiting() {
        let until = waiting.until.rfc3339();
        writeln!(out, "{}: waits until {until}", waiting.path.display())?;
    }
    let verdict = match (errors, warnings) {
        (0, 0) => "nothing wrong".to_owned(),
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        (errors, warnings) => format!("{} and {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    let (posts, pages) = (library.posts().len(), library.pages().len());
    writeln!(
        out,
        "{}: {posts} posts and {pages} pages, {verdict}",
        settings.posts.display()
    )
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
