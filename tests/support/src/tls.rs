//! TLS: self-signed certificates, and clients that trust one of them.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use crate::DEADLINE;

/// A certificate for `localhost`, and its private key.
#[derive(Debug)]
pub struct TestCertificate {
    certificate: CertificateDer<'static>,
    pem: String,
    key_pem: String,
}

impl TestCertificate {
    /// Generates a certificate.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
        Ok(Self {
            certificate: cert.der().clone(),
            pem: cert.pem(),
            key_pem: signing_key.serialize_pem(),
        })
    }

    /// Returns the certificate in the PEM format.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the private key in the PEM format.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Writes `cert.pem` and `key.pem`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::write(folder.join("cert.pem"), self.pem())?;
        fs::write(folder.join("key.pem"), self.key_pem())?;
        Ok(())
    }

    /// Connects to a server with this certificate, and offers these protocols, the preferred one first.
    ///
    /// # Errors
    /// The server does not accept the connection, or has another certificate.
    pub async fn connect(&self, address: SocketAddr, protocols: &[&str]) -> anyhow::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let socket = TcpStream::connect(address).await?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, socket);
        let stream = timeout(DEADLINE, handshake).await;
        Ok(stream.with_context(|| format!("no handshake within {DEADLINE:?}"))??)
    }
}
