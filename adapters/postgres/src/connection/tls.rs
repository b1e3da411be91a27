//! TLS as in libpq: what is checked of the server's certificate depends on `sslmode`.

use std::{path::Path, path::PathBuf, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject as _},
    },
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{RootCertificates, TlsOptions, Verification};

/// The name of the protocol in the handshake, which `sslnegotiation=direct` needs.
const PROTOCOL: &[u8] = b"postgresql";

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsSetupError {
    #[error("the file {path} of the option `{option}` cannot be read: it must be in the PEM format")]
    File {
        option: &'static str,
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("the file {0} of the option `sslrootcert` has no certificate")]
    NoCertificate(PathBuf),
    #[error("the operating system has no certificates: install them (Debian: ca-certificates), or set `sslrootcert`")]
    NoSystemCertificates,
    #[error("the certificates of the options `sslrootcert`, `sslcert` and `sslkey` cannot be used")]
    Unusable(#[source] Error),
}

/// Reads the files of the options.
pub(super) fn connector(options: &TlsOptions) -> Result<MakeRustlsConnect, TlsSetupError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(&options.verification, provider)?));
    let mut config = match &options.client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates("sslcert", certificate)?;
            let private_key = PrivateKeyDer::from_pem_file(key).map_err(|source| unreadable("sslkey", key, source))?;
            config
                .with_client_auth_cert(chain, private_key)
                .map_err(TlsSetupError::Unusable)?
        }
    };
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(option: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map_err(|source| unreadable(option, path, source))
}

fn unreadable(option: &'static str, path: &Path, source: pem::Error) -> TlsSetupError {
    TlsSetupError::File {
        option,
        path: path.into(),
        source,
    }
}

/// Checks as much of the server's certificate as [`Verification`] says.
#[derive(Debug)]
struct Verifier {
    /// `None` checks nothing.
    authority: Option<Arc<WebPkiServerVerifier>>,
    checks_host: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(verification: &Verification, provider: Arc<CryptoProvider>) -> Result<Self, TlsSetupError> {
        let (authority, checks_host) = match verification {
            Verification::Nothing => (None, false),
            Verification::Authority(roots) => (Some(roots), false),
            Verification::AuthorityAndHost(roots) => (Some(roots), true),
        };
        let authority = authority.map(|roots| Self::authority(roots, &provider)).transpose()?;
        Ok(Self {
            authority,
            checks_host,
            provider,
        })
    }

    fn authority(
        roots: &RootCertificates,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, TlsSetupError> {
        let mut store = RootCertStore::empty();
        match roots {
            RootCertificates::System => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            RootCertificates::File(path) => {
                for certificate in certificates("sslrootcert", path)? {
                    store.add(certificate).map_err(TlsSetupError::Unusable)?;
                }
            }
        }
        if store.is_empty() {
            return Err(match roots {
                RootCertificates::System => TlsSetupError::NoSystemCertificates,
                RootCertificates::File(path) => TlsSetupError::NoCertificate(path.clone()),
            });
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
        verifier.map_err(|error| TlsSetupError::Unusable(Error::General(error.to_string())))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        // The verifier checks the name last, so a wrong name means that everything else is valid.
        match authority.verify_server_cert(certificate, intermediates, server, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_host => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
