use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use horizon_axum::Tls;

/// TLS without a proxy.
#[derive(Debug, Args)]
pub struct TlsArgs {
    /// The PEM file of the certificate and its issuers. With it and the key the server speaks TLS, with HTTP/2 and
    /// HTTP/1.1. A changed file is read again.
    #[arg(long, env = "HORIZON_TLS_CERT", value_name = "HORIZON_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// The PEM file of the certificate's private key.
    #[arg(long, env = "HORIZON_TLS_KEY", value_name = "HORIZON_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Returns whether the server speaks TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// Reads the certificate. Returns `None` without TLS.
    ///
    /// # Errors
    /// One of the two files is not set or cannot be used.
    pub fn load(&self) -> anyhow::Result<Option<Tls>> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let tls = Tls::from_files(certificate, key).context("HORIZON_TLS_CERT and HORIZON_TLS_KEY")?;
                Ok(Some(tls))
            }
            (Some(_), None) => bail!("HORIZON_TLS_KEY is missing: TLS needs the key of HORIZON_TLS_CERT"),
            (None, Some(_)) => bail!("HORIZON_TLS_CERT is missing: TLS needs the certificate of HORIZON_TLS_KEY"),
        }
    }
}
