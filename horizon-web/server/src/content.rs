//! Loads and checks the content folder.

use std::io::{self, Write};

use anyhow::{bail, ensure};
use horizon_backend::now;
use horizon_posts::{ContentFolder, ContentOptions, Diagnostics, Library, Severity};

use crate::{config::ContentArgs, routes};

/// Checks the content folder. Writes warnings, scheduled posts and a summary to standard output.
///
/// # Errors
/// There are files with errors, or with `--strict` warnings. The message lists them.
pub fn check(args: &ContentArgs) -> anyhow::Result<()> {
    let content = read(args, String::new());
    write_report(args, &content.library(now()), &mut io::stdout())?;
    reject_errors(args, content.diagnostics())
}

/// Loads the content folder at startup.
///
/// # Errors
/// No file can be shown, or with `--strict` there is an error or warning.
pub(crate) fn load(args: &ContentArgs, base_url: String) -> anyhow::Result<ContentFolder> {
    let content = read(args, base_url);
    if args.strict || content.is_all_broken() {
        reject_errors(args, content.diagnostics())?;
    }
    if content.library(now()).posts().is_empty() {
        let folder = args.posts.display();
        tracing::warn!(%folder, "there is no public post in the content folder (HORIZON_POSTS)");
    }
    Ok(content)
}

fn read(args: &ContentArgs, base_url: String) -> ContentFolder {
    let options = ContentOptions {
        drafts: args.drafts,
        raw_html: args.raw_html,
        base_url,
        reserved: &routes::RESERVED,
    };
    ContentFolder::load(&args.posts, &options)
}

fn reject_errors(args: &ContentArgs, diagnostics: &Diagnostics) -> anyhow::Result<()> {
    let folder = args.posts.display();
    let errors = diagnostics.at_least(Severity::Error);
    if !errors.is_empty() {
        bail!("HORIZON_POSTS: these files in {folder} cannot be shown:\n{errors}");
    }
    let warnings = diagnostics.at_least(Severity::Warning);
    ensure!(
        !args.strict || warnings.is_empty(),
        "HORIZON_STRICT: there are warnings about files in {folder}:\n{warnings}"
    );
    Ok(())
}

/// Writes everything but the errors, which [`reject_errors`] lists, and a summary.
fn write_report(args: &ContentArgs, library: &Library, out: &mut impl Write) -> io::Result<()> {
    let diagnostics = library.diagnostics();
    let errors = diagnostics.at_least(Severity::Error).len();
    let warnings = diagnostics.at_least(Severity::Warning).len() - errors;
    let others = diagnostics.iter().filter(|one| one.severity() != Severity::Error);
    for diagnostic in others {
        writeln!(out, "{diagnostic}")?;
    }
    for file in library.scheduled() {
        let until = file.until.rfc3339();
        writeln!(out, "{}: scheduled for {until}", file.path.display())?;
    }
    let result = match (errors, warnings) {
        (0, 0) => "no errors".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{} and {}", count(errors, "error"), count(warnings, "warning")),
    };
    let (posts, pages) = (library.posts().len(), library.pages().len());
    writeln!(
        out,
        "{}: {posts} posts and {pages} pages, {result}",
        args.posts.display()
    )
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
