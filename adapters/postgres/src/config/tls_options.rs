use std::path::PathBuf;

use super::{UrlError, url::UrlOptions};

/// When a connection uses TLS: the values of `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// Never.
    Disable,
    /// If the server rejects a connection without it.
    Allow,
    /// If the server supports it and the handshake succeeds.
    Prefer,
    /// Always.
    Require,
    /// Always, and a trusted authority signed the certificate.
    VerifyCa,
    /// Always, and a trusted authority signed the certificate for this host.
    VerifyFull,
}

/// The certificates that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RootCertificates {
    /// Those of the operating system.
    System,
    /// Those in a file.
    File(PathBuf),
}

/// What is checked of the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Nothing: another server can answer instead.
    Nothing,
    /// Who signed it.
    Authority(RootCertificates),
    /// Who signed it, and the name of the host.
    AuthorityAndHost(RootCertificates),
}

/// The options of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsOptions {
    pub(crate) mode: SslMode,
    pub(crate) verification: Verification,
    /// The files with the certificate of the client and its key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

impl TlsOptions {
    pub(super) fn new(query: &UrlOptions<'_>) -> Result<Self, UrlError> {
        let roots = match query.own("sslrootcert") {
            None => None,
            Some("system") => Some(RootCertificates::System),
            Some(path) => Some(RootCertificates::File(path.into())),
        };
        let default = if roots == Some(RootCertificates::System) {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        };
        let mode = query.own("sslmode").map_or(Ok(default), SslMode::parse)?;
        let verification = match (mode, roots) {
            (SslMode::VerifyFull, roots) => Verification::AuthorityAndHost(roots.unwrap_or(RootCertificates::System)),
            (_, Some(RootCertificates::System)) => {
                return Err(UrlError::Value {
                    option: "sslmode",
                    rule: "`sslrootcert=system` needs `verify-full`, because anybody can get a public certificate",
                });
            }
            (SslMode::VerifyCa, None) => {
                return Err(UrlError::Value {
                    option: "sslmode",
                    rule: "`verify-ca` needs the certificate of the authority in `sslrootcert`",
                });
            }
            // As in libpq, whatever the mode.
            (_, Some(file)) => Verification::Authority(file),
            (_, None) => Verification::Nothing,
        };
        let client = match (query.own("sslcert"), query.own("sslkey")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (Some(_), None) | (None, Some(_)) => {
                return Err(UrlError::Value {
                    option: "sslcert",
                    rule: "a certificate of the client needs both `sslcert` and `sslkey`",
                });
            }
        };
        Ok(Self {
            mode,
            verification,
            client,
        })
    }
}

impl SslMode {
    fn parse(value: &str) -> Result<Self, UrlError> {
        Ok(match value {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(UrlError::Value {
                    option: "sslmode",
                    rule: "it must be `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`",
                });
            }
        })
    }
}
