use horizon_test_support::{PostgresOptions, PostgresServer, TestCertificate};
use tempfile::TempDir;

use super::*;

/// `TLS` if this connection has TLS.
const HAS_TLS: SqlStatement =
    sql("SELECT CASE WHEN ssl THEN 'TLS' ELSE 'plain' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()");

/// Users who can log in only with TLS, only without it, with a certificate, or with a password.
const ACCESS: &str = "
hostnossl all with_tls 127.0.0.1/32 reject
hostssl all without_tls 127.0.0.1/32 reject
hostssl all with_certificate 127.0.0.1/32 trust clientcert=verify-ca
host all with_certificate 127.0.0.1/32 reject
host all with_password 127.0.0.1/32 scram-sha-256
";

/// Files with the certificates of the server, of another server, and of a client.
struct Certificates {
    folder: TempDir,
    server: TestCertificate,
    client: TestCertificate,
}

impl Certificates {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let write = |name: &str| {
            let certificate = TestCertificate::generate().unwrap();
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            certificate.write(&folder).unwrap();
            certificate
        };
        let (server, client) = (write("server"), write("client"));
        write("other");
        Self { folder, server, client }
    }

    async fn start(&self) -> PostgresServer {
        let options = PostgresOptions {
            certificate: Some(&self.server),
            client_certificate: Some(&self.client),
            access: ACCESS,
            ..PostgresOptions::default()
        };
        let server = PostgresServer::start_with(&options).await.unwrap();
        let users = "CREATE ROLE with_tls SUPERUSER LOGIN; CREATE ROLE without_tls SUPERUSER LOGIN;
            CREATE ROLE with_certificate SUPERUSER LOGIN;
            CREATE ROLE with_password SUPERUSER LOGIN PASSWORD 'se/cr@t';";
        server.database().execute(users).await.unwrap();
        server
    }

    /// Connects, and returns `TLS` or `plain`, or the error. `{server}`, `{client}` and `{other}` are folders.
    async fn connect(&self, server: &PostgresServer, user: &str, host: &str, options: &str) -> Result<String, String> {
        let mut options = options.to_owned();
        for name in ["server", "client", "other"] {
            let folder = self.folder.path().join(name);
            options = options.replace(&format!("{{{name}}}"), &folder.display().to_string());
        }
        let url = format!("postgres://{user}@{host}:{}/postgres?{options}", server.port());
        let config = PostgresConfig::new(&url).map_err(|error| error.to_string())?;
        let database = Database::new(&config).map_err(|error| format!("{error:?}"))?;
        database.read_text(HAS_TLS).await.map_err(|error| {
            let retry = if error.is_retryable() { "retryable" } else { "permanent" };
            format!("{retry}: {}", chain(&error))
        })
    }
}

/// A host, options, and the expected result of `connect`: what the connection has, or a part of the error.
type ModeCase = (&'static str, &'static str, Result<&'static str, &'static str>);

const IP: &str = "127.0.0.1";
const NAME: &str = "localhost";
const PLAIN: Result<&str, &str> = Ok("plain");
const TLS: Result<&str, &str> = Ok("TLS");
const UNTRUSTED: Result<&str, &str> = Err("invalid peer certificate");
const WRONG_HOST: Result<&str, &str> = Err("not valid for name");
const UNSUPPORTED: Result<&str, &str> = Err("does not support TLS");

const WITH_TLS: [ModeCase; 15] = [
    (IP, "sslmode=disable", PLAIN),
    (IP, "sslmode=allow", PLAIN),
    (IP, "", TLS),
    (IP, "sslmode=require", TLS),
    (IP, "sslmode=require&sslrootcert={server}/cert.pem", TLS),
    (IP, "sslmode=require&sslrootcert={other}/cert.pem", UNTRUSTED),
    (IP, "sslmode=prefer&sslrootcert={other}/cert.pem", PLAIN),
    (IP, "sslmode=verify-ca&sslrootcert={server}/cert.pem", TLS),
    (IP, "sslmode=verify-ca&sslrootcert={other}/cert.pem", UNTRUSTED),
    (NAME, "sslmode=verify-full&sslrootcert={server}/cert.pem", TLS),
    (IP, "sslmode=verify-full&sslrootcert={server}/cert.pem", WRONG_HOST),
    (NAME, "sslmode=verify-full&sslrootcert={other}/cert.pem", UNTRUSTED),
    (NAME, "sslrootcert=system", UNTRUSTED),
    (
        NAME,
        "sslmode=verify-full&sslrootcert={other}/key.pem",
        Err("has no certificate"),
    ),
    (NAME, "sslmode=verify-full&sslrootcert={other}/none", Err("sslrootcert")),
];

const WITHOUT_TLS: [ModeCase; 5] = [
    (IP, "sslmode=disable", PLAIN),
    (IP, "sslmode=allow", PLAIN),
    (IP, "sslmode=prefer", PLAIN),
    (IP, "sslmode=require", UNSUPPORTED),
    (NAME, "sslmode=verify-full&sslrootcert={server}/cert.pem", UNSUPPORTED),
];

#[tokio::test]
async fn the_modes_do_what_those_of_libpq_do() {
    let certificates = Certificates::new();
    let with_tls = certificates.start().await;
    let without_tls = PostgresServer::start(&[]).await.unwrap();
    let all = WITH_TLS.map(|case| (&with_tls, case)).into_iter();
    for (server, (host, options, expected)) in all.chain(WITHOUT_TLS.map(|case| (&without_tls, case))) {
        let connected = certificates.connect(server, "postgres", host, options).await;
        let is_expected = match (&connected, expected) {
            (Ok(found), Ok(expected)) => found == expected,
            (Err(error), Err(expected)) => error.contains(expected) && !error.contains("retryable"),
            _ => false,
        };
        assert!(is_expected, "{host} {options}: {connected:?}, expected {expected:?}");
    }
}

#[tokio::test]
async fn a_rejected_mode_is_followed_by_the_other_one() {
    let certificates = Certificates::new();
    let server = certificates.start().await;
    let connect = async |user, options| certificates.connect(&server, user, "127.0.0.1", options).await;
    assert_eq!(connect("with_tls", "sslmode=allow").await.unwrap(), "TLS");
    assert_eq!(connect("without_tls", "sslmode=prefer").await.unwrap(), "plain");
    for (user, options) in [("with_tls", "sslmode=disable"), ("without_tls", "sslmode=require")] {
        let error = connect(user, options).await.unwrap_err();
        assert!(
            error.starts_with("permanent") && error.contains("pg_hba.conf"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn clients_log_in_with_a_certificate_or_a_password() {
    let certificates = Certificates::new();
    let server = certificates.start().await;
    let connect = async |user, options| certificates.connect(&server, user, "127.0.0.1", options).await;
    let with = "sslcert={client}/cert.pem&sslkey={client}/key.pem";
    assert_eq!(connect("with_certificate", with).await.unwrap(), "TLS");
    assert!(connect("with_certificate", "sslmode=require").await.is_err());
    let wrong = "sslmode=require&sslcert={other}/cert.pem&sslkey={other}/key.pem";
    assert!(connect("with_certificate", wrong).await.is_err());
    // With TLS, SCRAM uses channel binding.
    let user = "with_password:se%2Fcr%40t";
    assert_eq!(connect(user, "channel_binding=require").await.unwrap(), "TLS");
    assert_eq!(connect(user, "sslmode=disable").await.unwrap(), "plain");
    let error = connect("with_password:wrong", "").await.unwrap_err();
    assert!(error.starts_with("permanent") && error.contains("password"), "{error}");
    let error = connect("with_password", "").await.unwrap_err();
    assert!(
        error.starts_with("permanent") && error.contains("password missing"),
        "{error}"
    );
}
