use std::path::PathBuf;

use clap::Args;
use horizon_posts::{FrameOrigin, MarkdownExtensions};

use super::CacheLocation;

/// The content folder, and how it is read.
#[derive(Clone, Debug, Args)]
pub struct ContentArgs {
    /// The content folder with `*.md`, `pages/*.md` and `media/`.
    #[arg(
        long,
        env = "HORIZON_POSTS",
        value_name = "HORIZON_POSTS",
        default_value = "horizon-web/content"
    )]
    pub posts: PathBuf,
    /// The folder for smaller variants of pictures. Default: that of systemd, or `eventhorizon` in the user's caches.
    #[arg(long, env = "HORIZON_CACHE", value_name = "HORIZON_CACHE")]
    pub cache: Option<PathBuf>,
    /// Show drafts and posts whose date is in the future, with a mark and not for search engines.
    #[arg(
        long,
        env = "HORIZON_DRAFTS",
        value_name = "HORIZON_DRAFTS",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub drafts: bool,
    /// Changes of the extensions of Markdown, such as `+mark,-emoji`.
    #[arg(
        long,
        env = "HORIZON_MARKDOWN",
        value_name = "HORIZON_MARKDOWN",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub markdown: MarkdownExtensions,
    /// The origins whose pages posts may show in a frame, such as `https://www.youtube-nocookie.com`, separated by
    /// commas.
    #[arg(long, env = "HORIZON_FRAMES", value_name = "HORIZON_FRAMES", value_delimiter = ',')]
    pub frames: Vec<FrameOrigin>,
    /// Pass all HTML in posts through to the page.
    #[arg(
        long,
        env = "HORIZON_RAW_HTML",
        value_name = "HORIZON_RAW_HTML",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub raw_html: bool,
    /// Refuse to start if there is an error or warning in the content folder.
    #[arg(
        long,
        env = "HORIZON_STRICT",
        value_name = "HORIZON_STRICT",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub strict: bool,
}

impl ContentArgs {
    /// Returns where files that can be made again are kept.
    #[must_use]
    pub fn cache_location(&self) -> CacheLocation {
        match &self.cache {
            Some(folder) => CacheLocation {
                folder: folder.clone(),
                is_temporary: false,
            },
            None => CacheLocation::from_environment(),
        }
    }
}
