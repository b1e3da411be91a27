use clap::{Args, ValueEnum};
use horizon_core::reports::SiteTimeZone;

use super::{BaseUrl, BlogArgs, ContentArgs};

/// The options of `horizon-web check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The content folder.
    #[command(flatten)]
    pub content: ContentArgs,
    /// The blog's own URL: links to it are checked like links without a host.
    #[arg(long, env = "HORIZON_BASE_URL", value_name = "HORIZON_BASE_URL")]
    pub base_url: Option<BaseUrl>,
    /// The time zone of the site: dates without an offset are in it.
    #[arg(
        long = "timezone",
        env = "HORIZON_TIMEZONE",
        value_name = "HORIZON_TIMEZONE",
        default_value = "UTC",
        value_parser = SiteTimeZone::new
    )]
    pub time_zone: SiteTimeZone,
    /// The blog's name and language, which are compared with the configuration of a site generator.
    #[command(flatten)]
    pub blog: BlogArgs,
    /// The format of the report: for people or for programs.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

/// The format of the report of `horizon-web check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// One line for each finding, then a summary.
    Text,
    /// One JSON object; docs/blog/check.md documents its fields.
    Json,
}
