//! The configuration, from flags and environment variables.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use axum::http::{Uri, uri::InvalidUri};
use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use eventhorizon::{BusUrl, IpNet, Moderation, PrivacySignals};
use horizon_backend::{BackendUrls, ProgramKind, SecretString, SettingError, UrlSettings, random_node_id};
use horizon_core::presence::NodeId;

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
    /// Check the content folder and list all errors and warnings.
    Check {
        /// The content folder.
        #[command(flatten)]
        content: ContentArgs,
    },
}

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
    /// Show drafts and posts whose date is in the future.
    #[arg(
        long,
        env = "HORIZON_DRAFTS",
        value_name = "HORIZON_DRAFTS",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub drafts: bool,
    /// Pass HTML in posts through to the page.
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

/// The options of the server.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on.
    #[arg(
        long,
        env = "HORIZON_ADDR",
        value_name = "HORIZON_ADDR",
        default_value = "127.0.0.1:3000"
    )]
    pub addr: SocketAddr,
    /// The public URL of the blog, for canonical links and feeds. Default: the address to listen on.
    #[arg(long, env = "HORIZON_BASE_URL", value_name = "HORIZON_BASE_URL")]
    pub base_url: Option<BaseUrl>,
    /// The blog's name.
    #[arg(
        long,
        env = "HORIZON_TITLE",
        value_name = "HORIZON_TITLE",
        default_value = "EventHorizon"
    )]
    pub title: String,
    /// The description of the blog: one sentence.
    #[arg(
        long,
        env = "HORIZON_DESCRIPTION",
        value_name = "HORIZON_DESCRIPTION",
        default_value = "Live presence and exact, private analytics, shown by the blog that explains them."
    )]
    pub description: String,
    /// The content folder.
    #[command(flatten)]
    pub content: ContentArgs,
    /// The event bus: `memory:` (the default), `redis://HOST`, or best effort `redis+pubsub://HOST`; with TLS `rediss`.
    /// With Redis any number of servers share a site, and horizon-accumulator counts.
    #[arg(long, env = "HORIZON_BUS", value_name = "HORIZON_BUS", hide_env_values = true)]
    pub bus: Option<SecretString>,
    /// The old name of `--bus`.
    #[arg(long, env = "HORIZON_PIPE", hide = true)]
    pub pipe: Option<SecretString>,
    /// The store: `sqlite:PATH`, `redis://HOST` or `memory:`. Default: the Redis of the bus, or `sqlite:horizon.db`.
    #[arg(long, env = "HORIZON_STORE", value_name = "HORIZON_STORE", hide_env_values = true)]
    pub store: Option<SecretString>,
    /// The name of this node, unique among the nodes that share a Redis. Default: `web-` and eight random digits.
    #[arg(long, env = "HORIZON_NODE", value_name = "HORIZON_NODE")]
    pub node: Option<NodeId>,
    /// Accept a Redis that may lose acknowledged events: its `maxmemory-policy` is not `noeviction`, or its
    /// `appendonly` is `no`. Otherwise `/readyz` returns 503 for such a Redis.
    #[arg(
        long,
        env = "HORIZON_REDIS_MAY_LOSE_DATA",
        value_name = "HORIZON_REDIS_MAY_LOSE_DATA",
        num_args = 0..=1,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub redis_may_lose_data: bool,
    /// The secret that signs cookies, at least 32 characters. Default: a random one, stored in the store.
    #[arg(long, env = "HORIZON_SECRET", value_name = "HORIZON_SECRET", hide_env_values = true)]
    pub secret: Option<SecretString>,
    /// The token for `/admin`, at least 12 characters. Without it there is no `/admin`.
    #[arg(
        long,
        env = "HORIZON_ADMIN_TOKEN",
        value_name = "HORIZON_ADMIN_TOKEN",
        hide_env_values = true
    )]
    pub admin_token: Option<SecretString>,
    /// The networks of trusted proxies, whose `X-Forwarded-For` is used; separated by commas.
    #[arg(
        long,
        env = "HORIZON_TRUSTED_PROXIES",
        value_name = "HORIZON_TRUSTED_PROXIES",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// When comments are moderated: after or before they are published.
    #[arg(
        long,
        env = "HORIZON_MODERATION",
        value_name = "HORIZON_MODERATION",
        default_value = "after",
        value_parser = PossibleValuesParser::new(["after", "first"]).map(|name| parse_moderation(&name))
    )]
    pub moderation: Moderation,
    /// The effect of `Sec-GPC: 1` and `DNT: 1`: count the reader anonymously, ignore the signal, or do not count.
    #[arg(
        long,
        env = "HORIZON_SIGNALS",
        value_name = "HORIZON_SIGNALS",
        default_value = "count",
        value_parser = PossibleValuesParser::new(["count", "ignore", "drop"]).map(|name| parse_signals(&name))
    )]
    pub signals: PrivacySignals,
    /// The folder of the bundle. Default: `site` next to the binary or one folder up.
    #[arg(long, env = "HORIZON_SITE", value_name = "HORIZON_SITE")]
    pub site: Option<PathBuf>,
}

fn parse_moderation(name: &str) -> Moderation {
    match name {
        "first" => Moderation::BeforePublishing,
        _ => Moderation::AfterPublishing,
    }
}

fn parse_signals(name: &str) -> PrivacySignals {
    match name {
        "ignore" => PrivacySignals::Ignore,
        "drop" => PrivacySignals::Drop,
        _ => PrivacySignals::Count,
    }
}

/// The checked settings of the backend.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// The bus and the store.
    pub urls: BackendUrls,
    /// The name of this node.
    pub node: NodeId,
}

/// An absolute `http` or `https` URL without a path and a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(pub String);

/// The reason why a text is not a [`BaseUrl`].
#[derive(Debug, thiserror::Error)]
pub enum ParseBaseUrlError {
    /// It is not a URL.
    #[error("not a URL: {0}")]
    Syntax(InvalidUri),
    /// It has another scheme, no host, a path or a query.
    #[error("expected `https://` and a host, without a path")]
    Parts,
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

impl FromStr for BaseUrl {
    type Err = ParseBaseUrlError;
    fn from_str(text: &str) -> Result<Self, ParseBaseUrlError> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(ParseBaseUrlError::Syntax)?;
        let http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !http || uri.authority().is_none() || uri.query().is_some() || uri.path() != "/" {
            return Err(ParseBaseUrlError::Parts);
        }
        Ok(Self(text.into()))
    }
}

impl ServeArgs {
    /// Checks the values that may contain secrets. Clap does not check them, because its errors contain the value.
    ///
    /// # Errors
    /// A setting is invalid.
    pub fn check(&self) -> Result<NodeSettings, ConfigError> {
        check_length("HORIZON_SECRET", self.secret.as_ref(), 32)?;
        check_length("HORIZON_ADMIN_TOKEN", self.admin_token.as_ref(), 12)?;
        let settings = UrlSettings {
            bus: self.bus.as_ref(),
            pipe: self.pipe.as_ref(),
            store: self.store.as_ref(),
        };
        let urls = BackendUrls::from_settings(ProgramKind::Application, &settings, BusUrl::Memory)?;
        let node = match &self.node {
            Some(node) => node.clone(),
            None => random_node_id("web")?,
        };
        Ok(NodeSettings { urls, node })
    }
}

fn check_length(setting: &'static str, text: Option<&SecretString>, min_chars: usize) -> Result<(), ConfigError> {
    match text {
        Some(text) if text.0.chars().count() < min_chars => Err(ConfigError::TooShort { setting, min_chars }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use horizon_backend::{Delivery, StoreUrl};

    use super::*;

    fn parse_error(arguments: &[&str]) -> String {
        Cli::try_parse_from(arguments).unwrap_err().to_string()
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_setting() {
        for (flag, name, value) in [
            ("--addr", "HORIZON_ADDR", "localhost"),
            ("--trusted-proxies", "HORIZON_TRUSTED_PROXIES", "everyone"),
            ("--moderation", "HORIZON_MODERATION", "maybe"),
            ("--node", "HORIZON_NODE", "two words"),
            ("--base-url", "HORIZON_BASE_URL", "ftp://example.org"),
        ] {
            assert!(parse_error(&["horizon-web", flag, value]).contains(name), "{name}");
        }
    }

    #[test]
    fn errors_do_not_contain_secrets() {
        for (flag, name) in [
            ("--secret", "HORIZON_SECRET"),
            ("--admin-token", "HORIZON_ADMIN_TOKEN"),
            ("--store", "HORIZON_STORE"),
            ("--bus", "HORIZON_BUS"),
            ("--pipe", "HORIZON_PIPE"),
        ] {
            let error = Cli::try_parse_from(["horizon-web", flag, "hunter2"])
                .unwrap()
                .serve
                .check()
                .unwrap_err()
                .to_string();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn invalid_combinations_are_rejected() {
        for (bus, store, name) in [
            ("stdin:", "memory:", "HORIZON_BUS"),
            ("redis://localhost", "memory:", "HORIZON_STORE"),
        ] {
            let cli = Cli::try_parse_from(["horizon-web", "--bus", bus, "--store", store]).unwrap();
            let error = cli.serve.check().unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn the_default_store_is_the_redis_of_the_bus() {
        let cli = Cli::try_parse_from(["horizon-web", "--bus", "redis+pubsub://localhost"]).unwrap();
        let settings = cli.serve.check().unwrap();
        assert!(matches!(settings.urls.bus(), BusUrl::Redis(_, Delivery::PubSub)));
        assert!(matches!(settings.urls.store(), StoreUrl::Redis(_)));
    }

    #[test]
    fn the_bus_has_an_old_name_which_must_not_differ() {
        let check = |arguments: &[&str]| {
            let arguments = [&["horizon-web"], arguments].concat();
            Cli::try_parse_from(arguments).unwrap().serve.check()
        };
        let redis = "redis://localhost";
        for arguments in [
            &["--bus", redis][..],
            &["--pipe", redis],
            &["--bus", redis, "--pipe", redis],
        ] {
            assert!(matches!(check(arguments).unwrap().urls.bus(), BusUrl::Redis(..)));
        }
        let error = check(&["--bus", redis, "--pipe", "memory:"]).unwrap_err().to_string();
        assert!(
            error.starts_with("HORIZON_BUS is wrong: it differs from HORIZON_PIPE"),
            "{error}"
        );
        let help = <Cli as clap::CommandFactory>::command().render_long_help().to_string();
        assert!(help.contains("--bus") && !help.contains("--pipe"), "{help}");
    }

    #[test]
    fn secrets_are_not_logged() {
        let secret = "0123456789abcdef0123456789abcdef";
        let cli = Cli::try_parse_from(["horizon-web", "--secret", secret, "--admin-token", secret]).unwrap();
        assert!(!format!("{cli:?}").contains(secret));
    }

    #[test]
    fn a_base_url_loses_its_trailing_slash() {
        let url: BaseUrl = "https://example.org/".parse().unwrap();
        assert_eq!(url.0, "https://example.org");
        assert!("https://example.org/blog".parse::<BaseUrl>().is_err());
    }
}
