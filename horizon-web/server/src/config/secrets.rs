use clap::Args;
use horizon_backend::SecretString;

use super::ConfigError;

/// The secrets of the server.
#[derive(Clone, Debug, Args)]
pub struct SecretArgs {
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
    /// A token that reads the reports: the dashboard and the API, but not `/admin`; at least 12 characters.
    #[arg(
        long,
        env = "HORIZON_REPORTS_TOKEN",
        value_name = "HORIZON_REPORTS_TOKEN",
        hide_env_values = true
    )]
    pub reports_token: Option<SecretString>,
}

impl SecretArgs {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_length("HORIZON_SECRET", self.secret.as_ref(), 32)?;
        check_length("HORIZON_ADMIN_TOKEN", self.admin_token.as_ref(), 12)?;
        check_length("HORIZON_REPORTS_TOKEN", self.reports_token.as_ref(), 12)
    }
}

fn check_length(setting: &'static str, text: Option<&SecretString>, min_chars: usize) -> Result<(), ConfigError> {
    match text {
        Some(text) if text.0.chars().count() < min_chars => Err(ConfigError::TooShort { setting, min_chars }),
        _ => Ok(()),
    }
}
