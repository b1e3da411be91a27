//! The configuration, from flags and environment variables.

mod backend;
mod base_url;
mod blog;
mod cache;
mod check;
mod content;
mod dashboard;
mod limits;
mod network;
mod readers;
mod secrets;
#[cfg(test)]
mod tests;
mod tls;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use horizon_app::DEFAULT_TITLE;
use horizon_backend::{ReportSettings, SettingError};

pub use self::{
    backend::{BackendArgs, NodeSettings},
    base_url::{BaseUrl, ParseBaseUrlError},
    blog::BlogArgs,
    cache::CacheLocation,
    check::{CheckArgs, CheckFormat},
    content::ContentArgs,
    dashboard::{DashboardAccess, DashboardArgs},
    limits::LimitArgs,
    network::NetworkArgs,
    readers::ReaderArgs,
    secrets::SecretArgs,
    tls::TlsArgs,
};

/// The description of the blog with the default title.
const DEFAULT_DESCRIPTION: &str = "Live presence and exact, private analytics, shown by the blog that explains them.";

/// A blog from a folder of Markdown files, with live viewers and exact numbers.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The subcommand; without one the blog is served.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of the server.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// A subcommand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the content folder: list errors, and what readers would trip over. Reads no other site, writes nothing.
    Check(CheckArgs),
}

/// The options of the server.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// How readers reach the server.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// TLS without a proxy.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// The blog's name and language.
    #[command(flatten)]
    pub blog: BlogArgs,
    /// The description of the blog: one sentence. A blog with a title of its own has none by default.
    #[arg(long, env = "HORIZON_DESCRIPTION", value_name = "HORIZON_DESCRIPTION")]
    pub description: Option<String>,
    /// The content folder.
    #[command(flatten)]
    pub content: ContentArgs,
    /// The event bus and the store.
    #[command(flatten)]
    pub backend: BackendArgs,
    /// The secrets.
    #[command(flatten)]
    pub secrets: SecretArgs,
    /// What readers may do, and how they are counted.
    #[command(flatten)]
    pub readers: ReaderArgs,
    /// The reports.
    #[command(flatten)]
    pub reports: ReportSettings,
    /// The dashboard of the reports.
    #[command(flatten)]
    pub dashboard: DashboardArgs,
    /// The limits of each client network.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The folder of the bundle. Default: `site` next to the binary or one folder up.
    #[arg(long, env = "HORIZON_SITE", value_name = "HORIZON_SITE")]
    pub site: Option<PathBuf>,
}

/// A setting is invalid. The message does not contain its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A secret is too short.
    #[error("{setting} is too short: use at least {min_chars} characters")]
    TooShort {
        /// The name of the environment variable.
        setting: &'static str,
        /// The minimum length.
        min_chars: usize,
    },
    /// The bus or the store.
    #[error(transparent)]
    Backend(#[from] SettingError),
    /// The name of this node cannot be generated.
    #[error(transparent)]
    Node(#[from] horizon_core::Error),
}

impl ServeArgs {
    /// Returns the description of the blog. A blog with a title of its own has none by default.
    #[must_use]
    pub fn description(&self) -> &str {
        let default = if self.blog.title == DEFAULT_TITLE {
            DEFAULT_DESCRIPTION
        } else {
            ""
        };
        self.description.as_deref().unwrap_or(default)
    }

    /// Returns whether browsers reach the blog over HTTPS: as the base URL says, or else if the server speaks TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        let base_url = self.network.base_url.as_ref();
        base_url.map_or(self.tls.is_on(), BaseUrl::is_https)
    }

    /// Checks the values that may contain secrets. Clap does not check them, because its errors contain the value.
    ///
    /// # Errors
    /// A setting is invalid.
    pub fn check(&self) -> Result<NodeSettings, ConfigError> {
        self.secrets.check()?;
        self.backend.check()
    }
}
