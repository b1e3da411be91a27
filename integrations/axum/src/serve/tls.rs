//! TLS with rustls, and certificates that are read again when their files change.

use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::RwLock;
use thiserror::Error;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::spawn_blocking, time::sleep};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
    server::TlsStream,
};

use super::connection::HttpProtocol;

/// The interval of checks of the files: 2 seconds. A change is loaded when the files are the same in two checks, so
/// that a certificate and its key can be replaced one after the other.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Encrypted bytes that may wait for the client: 16 KiB. A slow client would get all of them before the latest frame.
const SEND_BUFFER_SIZE: usize = 16 * 1024;

/// The names of the protocols (RFC 7301, RFC 9113 §3.1), the preferred one first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The first byte of a TLS connection: the type of a handshake record (RFC 8446 §5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// The response to a client that does not use TLS.
const PLAIN_RESPONSE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
    This port expects TLS: use https.\n";

/// A certificate and its private key for [`serve_tls`](crate::serve_tls), from two PEM files.
///
/// The files are read again after a change. While the new ones are invalid, the previous certificate stays in use, and
/// the log has an error.
#[derive(Debug)]
pub struct Tls {
    files: PemFiles,
    /// Of the files when they were first read.
    loaded: FileStamps,
    config: RwLock<Arc<ServerConfig>>,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or is not PEM.
    #[error("{path} cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: pem::Error,
    },
    /// A file contains no certificate.
    #[error("{path} contains no certificate: it must be a PEM file with the certificate, then its issuers")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key is not that of the certificate, or one of them is not supported.
    #[error("the certificate {certificate} and the key {key} cannot be used together: {source}")]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// The reason.
        source: rustls::Error,
    },
}

#[derive(Clone, Debug)]
struct PemFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// The modification times and the lengths of the files, or `None` for one that cannot be read.
type FileStamps = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads a certificate, followed by its issuers, and its private key.
    ///
    /// # Errors
    /// A file cannot be read, or the certificate and the key do not belong together.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let files = PemFiles {
            certificate: certificate.into(),
            key: key.into(),
        };
        // Before the files are read, so that a change in between is noticed.
        let loaded = files.stamps();
        let config = RwLock::new(files.load()?);
        Ok(Self { files, loaded, config })
    }

    /// Reads the files again when they change.
    pub(super) async fn reload(&self) -> Infallible {
        let mut loaded = self.loaded;
        let mut previous = loaded;
        loop {
            sleep(CHECK_INTERVAL).await;
            let stamps = self.stamps().await;
            if stamps != loaded && stamps == previous {
                loaded = stamps;
                self.load_again().await;
            }
            previous = stamps;
        }
    }

    async fn load_again(&self) {
        let files = self.files.clone();
        match spawn_blocking(move || files.load()).await {
            Ok(Ok(config)) => {
                *self.config.write() = config;
                tracing::info!(certificate = %self.files.certificate.display(), "new TLS certificate loaded");
            }
            Ok(Err(error)) => tracing::error!(
                %error,
                "the changed TLS certificate cannot be used, so the previous one stays in use: correct the files"
            ),
            Err(error) => tracing::error!(%error, "the TLS certificate could not be read again"),
        }
    }

    async fn stamps(&self) -> FileStamps {
        let files = self.files.clone();
        spawn_blocking(move || files.stamps()).await.unwrap_or_default()
    }

    /// Performs the handshake. Returns the protocol that the client chose.
    pub(super) async fn accept(&self, mut socket: TcpStream) -> io::Result<(HttpProtocol, TlsStream<TcpStream>)> {
        let mut first = [0];
        if socket.peek(&mut first).await? == 1 && first != [HANDSHAKE_RECORD] {
            discard_request(&socket);
            socket.write_all(PLAIN_RESPONSE).await?;
            socket.shutdown().await?;
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the client does not use TLS",
            ));
        }
        let acceptor = TlsAcceptor::from(Arc::clone(&*self.config.read()));
        let accepted = acceptor.accept_with(socket, |connection| connection.set_buffer_limit(Some(SEND_BUFFER_SIZE)));
        let stream = accepted.await?;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => HttpProtocol::Http2,
            _ => HttpProtocol::Http1,
        };
        Ok((protocol, stream))
    }
}

impl PemFiles {
    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|source| file_error(&self.certificate, source))?;
        if certificates.is_empty() {
            let path = self.certificate.clone();
            return Err(TlsError::NoCertificate { path });
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|source| file_error(&self.key, source))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
        let mut config = config.map_err(|source| TlsError::Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            source,
        })?;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(Arc::new(config))
    }

    fn stamps(&self) -> FileStamps {
        [&self.certificate, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

/// Reads what has arrived. Closing a socket with unread bytes could discard the response.
fn discard_request(socket: &TcpStream) {
    let _ = socket.try_read(&mut [0; 4096]);
}

fn file_error(path: &Path, source: pem::Error) -> TlsError {
    let path = path.to_owned();
    TlsError::File { path, source }
}
