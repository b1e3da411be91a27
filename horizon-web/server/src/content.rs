//! Loads the content folder.

use anyhow::{bail, ensure};
use horizon_app::DEFAULT_TITLE;
use horizon_backend::now;
use horizon_posts::{ContentFolder, ContentOptions, Diagnostics, Finding, Severity};

use crate::{
    config::{BlogArgs, ContentArgs},
    routes,
};

/// Loads the content folder at startup.
///
/// # Errors
/// No file can be shown, or with `--strict` there is an error or warning.
pub(crate) fn load(args: &ContentArgs, site: ContentOptions) -> anyhow::Result<ContentFolder> {
    let content = read(args, site);
    if args.strict || content.is_all_broken() {
        reject_errors(args, content.diagnostics())?;
    }
    if !content.has_posts(now()) {
        let folder = args.posts.display();
        tracing::warn!(%folder, "there is no public post in the content folder (HORIZON_POSTS)");
    }
    Ok(content)
}

/// Reads the content folder with the options of `args` and those of the site: its URL, time zone and pictures.
pub(crate) fn read(args: &ContentArgs, site: ContentOptions) -> ContentFolder {
    let options = ContentOptions {
        drafts: args.drafts,
        raw_html: args.raw_html,
        markdown: args.markdown,
        frames: args.frames.clone(),
        reserved: &routes::RESERVED,
        ..site
    };
    ContentFolder::load(&args.posts, &options)
}

/// Returns notes about a title and a language that are the default and differ from the generator's configuration.
pub(crate) fn check_settings(content: &ContentFolder, blog: &BlogArgs) -> Vec<Finding> {
    content.check_settings(Some(&*blog.title).filter(|title| *title == DEFAULT_TITLE))
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
