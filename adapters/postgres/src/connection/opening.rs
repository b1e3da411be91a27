//! Opens a connection with or without TLS.

use std::{error::Error, io};

use tokio_postgres::{
    Client, Connection, Socket,
    config::{Host, SslMode as DriverMode},
    error::SqlState,
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{PostgresConfig, config::SslMode};

/// The other half of a connection: what moves its bytes.
pub(super) type SocketDriver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Opens a connection. The modes `prefer` and `allow` have a second attempt.
pub(super) async fn open(
    config: &PostgresConfig,
    tls: &MakeRustlsConnect,
) -> Result<(Client, SocketDriver), tokio_postgres::Error> {
    let (first, second) = attempts(config);
    let connect = async |mode| {
        let mut driver = config.driver.clone();
        driver.ssl_mode(mode);
        driver.connect(tls.clone()).await
    };
    let error = match connect(first).await {
        Err(error) if is_rejected(&error) => error,
        done => return done,
    };
    let Some(second) = second else { return Err(error) };
    // If the server rejects the second attempt in the same way, the first error says more: it is that of the preferred
    // mode, or says that the server has no TLS.
    connect(second).await.map_err(|other| {
        let got_further = other
            .code()
            .is_some_and(|code| *code != SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        if got_further { other } else { error }
    })
}

fn attempts(config: &PostgresConfig) -> (DriverMode, Option<DriverMode>) {
    let is_local = |host: &Host| !matches!(host, Host::Tcp(_));
    // A socket of this machine has no TLS.
    if config.driver.get_hosts().iter().all(is_local) {
        return (DriverMode::Disable, None);
    }
    match config.tls.mode {
        SslMode::Disable => (DriverMode::Disable, None),
        SslMode::Allow => (DriverMode::Disable, Some(DriverMode::Require)),
        SslMode::Prefer => (DriverMode::Prefer, Some(DriverMode::Disable)),
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (DriverMode::Require, None),
    }
}

/// Returns whether the server rejects connections of this mode, or the handshake failed.
fn is_rejected(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) || is_handshake_failure(error)
}

/// Returns whether the TLS handshake failed, because of the server's certificate or its version of TLS.
pub(crate) fn is_handshake_failure(error: &tokio_postgres::Error) -> bool {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<rustls::Error>())
}
