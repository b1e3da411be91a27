//! Splits a URL, which may contain several hosts, into what the driver parses and our own options.

use std::error::Error;

use percent_encoding::percent_decode_str;

use super::UrlError;

/// The options that the driver does not know, or knows in part.
const OWN_OPTIONS: [&str; 6] = [
    "schema",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "statement_cache",
];

/// The options of the driver.
const DRIVER_OPTIONS: [&str; 18] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// The parts of a URL, still percent-encoded.
pub(super) struct UrlParts<'a> {
    user: Option<&'a str>,
    /// The hosts and the database.
    location: &'a str,
    pub(super) query: &'a str,
}

/// The options of a URL.
pub(super) struct UrlOptions<'a> {
    own: Vec<(&'a str, String)>,
    driver: Vec<(&'a str, &'a str)>,
}

impl<'a> UrlParts<'a> {
    /// Splits a URL as libpq does: an `@` in front of the first `/` ends the user and the password.
    pub(super) fn split(url: &'a str) -> Result<Self, UrlError> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or(UrlError::Scheme)?;
        let hosts = rest.split('/').next().unwrap_or_default();
        let user = hosts.rsplit_once('@').map(|(user, _)| user);
        let location = user.map_or(rest, |user| rest.get(user.len() + 1..).unwrap_or_default());
        let (location, query) = location.split_once('?').unwrap_or((location, ""));
        if location.contains('@') {
            return Err(UrlError::At);
        }
        Ok(Self { user, location, query })
    }

    /// Returns the configuration of the driver.
    pub(super) fn driver_config(&self, query: &UrlOptions<'_>) -> Result<tokio_postgres::Config, UrlError> {
        // For the driver the first `@` ends the user, even if it is in the password or in an option.
        let encoded = |text: &str| text.replace('@', "%40");
        let mut url = "postgres://".to_owned();
        if let Some(user) = self.user {
            decode(user, "user or password")?;
            url.push_str(&encoded(user));
            url.push('@');
        }
        decode(self.location, "name of the host or database")?;
        url.push_str(self.location);
        for (index, (option, value)) in query.driver.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(option);
            url.push('=');
            url.push_str(&encoded(value));
        }
        url.parse().map_err(|error: tokio_postgres::Error| {
            // The errors of the driver name the option and not its value.
            UrlError::Driver(error.source().map_or_else(|| error.to_string(), ToString::to_string))
        })
    }
}

impl<'a> UrlOptions<'a> {
    pub(super) fn parse(query: &'a str) -> Result<Self, UrlError> {
        let (mut own, mut driver) = (Vec::new(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (option, value) = pair.split_once('=').ok_or(UrlError::NoValue)?;
            let decoded = decode(value, "value of an option")?;
            if OWN_OPTIONS.contains(&option) {
                own.push((option, decoded));
            } else if option == "host" {
                // In a URL, the driver does not split them.
                driver.extend(value.split(',').map(|host| (option, host)));
            } else if DRIVER_OPTIONS.contains(&option) {
                driver.push((option, value));
            } else {
                return Err(UrlError::UnknownOption(shown(option)));
            }
        }
        Ok(Self { own, driver })
    }

    /// Returns the value of one of our own options: the last one if the URL has several.
    pub(super) fn own(&self, option: &str) -> Option<&str> {
        let found = self.own.iter().rev().find(|(name, _)| *name == option);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns whether the URL has this option of the driver.
    pub(super) fn has(&self, option: &str) -> bool {
        self.driver.iter().any(|(name, _)| *name == option)
    }
}

/// Returns the name of an option if it looks like one. Otherwise it may be a part of a password.
fn shown(option: &str) -> String {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    if option.len() <= 32 && option.chars().all(is_name) {
        option.into()
    } else {
        "…".into()
    }
}

fn decode(text: &str, what: &'static str) -> Result<String, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| UrlError::Encoding(what))?.into_owned())
}
