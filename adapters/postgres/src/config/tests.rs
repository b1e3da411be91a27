use super::*;

fn config(url: &str) -> PostgresConfig {
    PostgresConfig::parse(url).unwrap()
}

fn error(url: &str) -> String {
    PostgresConfig::new(url).unwrap_err().to_string()
}

#[test]
fn a_url_without_options_has_the_defaults() {
    let config = config("postgres://app:secret@localhost/numbers");
    assert_eq!(config.schema, "eventhorizon");
    assert!(config.prepares_statements);
    assert_eq!(config.tls.mode, SslMode::Prefer);
    assert_eq!(config.tls.verification, Verification::Nothing);
    assert_eq!(config.driver.get_user(), Some("app"));
    assert_eq!(config.driver.get_password(), Some(&b"secret"[..]));
    assert_eq!(config.driver.get_application_name(), Some("eventhorizon"));
    assert_eq!(config.driver.get_connect_timeout(), Some(&CONNECT_TIMEOUT));
    assert_eq!(config.driver.get_tcp_user_timeout(), Some(&TCP_USER_TIMEOUT));
    assert_eq!(config.driver.get_keepalives_idle(), KEEPALIVE_IDLE);
    assert_eq!(config.driver.get_target_session_attrs(), TargetSessionAttrs::Any);
}

#[test]
fn options_of_the_url_win() {
    let config = config(
        "postgresql://h/d?schema=a%20b&sslmode=disable&statement_cache=off&connect_timeout=7&tcp_user_timeout=8\
         &keepalives_idle=9&application_name=blog@home&options=-c%20work_mem%3D1MB&user=u&password=p%26q",
    );
    assert_eq!(config.schema, "a b");
    assert!(!config.prepares_statements);
    assert_eq!(config.tls.mode, SslMode::Disable);
    assert_eq!(config.driver.get_connect_timeout(), Some(&Duration::from_secs(7)));
    assert_eq!(config.driver.get_tcp_user_timeout(), Some(&Duration::from_secs(8)));
    assert_eq!(config.driver.get_keepalives_idle(), Duration::from_secs(9));
    assert_eq!(config.driver.get_application_name(), Some("blog@home"));
    assert_eq!(config.driver.get_options(), Some("-c work_mem=1MB"));
    assert_eq!(config.driver.get_password(), Some(&b"p&q"[..]));
}

#[test]
fn a_password_may_have_an_at_sign_or_be_percent_encoded() {
    for url in [
        "postgres://u:p@ss?@h/d",
        "postgres://u:p%40ss%3F@h/d?application_name=x@y",
    ] {
        let config = config(url);
        assert_eq!(config.driver.get_password(), Some(&b"p@ss?"[..]), "{url}");
        assert_eq!(config.server(), "h:5432/d", "{url}");
    }
}

#[test]
fn several_hosts_are_asked_for_the_one_that_writes() {
    let servers = config("postgres://u@a,b:6432/d");
    assert_eq!(servers.server(), "a:5432,b:6432/d");
    assert_eq!(servers.driver.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    assert_eq!(config("postgres:///d?host=a,b&port=1,2").server(), "a:1,b:2/d");
    let any = config("postgres://u@a,b/d?target_session_attrs=any");
    assert_eq!(any.driver.get_target_session_attrs(), TargetSessionAttrs::Any);
    assert_eq!(config("postgres://u@[::1]/d").server(), "[::1]:5432/d");
    assert_eq!(config("postgres:///d?hostaddr=10.0.0.1").server(), "10.0.0.1:5432/d");
    #[cfg(unix)]
    assert_eq!(
        config("postgres:///d?host=/var/run/postgresql").server(),
        "/var/run/postgresql:5432/d"
    );
}

#[test]
fn modes_of_tls_are_those_of_libpq() {
    let file = RootCertificates::File("/etc/ca.pem".into());
    for (options, mode, verification) in [
        ("sslmode=allow", SslMode::Allow, Verification::Nothing),
        ("sslmode=require", SslMode::Require, Verification::Nothing),
        (
            "sslmode=require&sslrootcert=/etc/ca.pem",
            SslMode::Require,
            Verification::Authority(file.clone()),
        ),
        (
            "sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem",
            SslMode::VerifyCa,
            Verification::Authority(file.clone()),
        ),
        (
            "sslmode=verify-full&sslrootcert=/etc/ca.pem",
            SslMode::VerifyFull,
            Verification::AuthorityAndHost(file),
        ),
        (
            "sslmode=verify-full",
            SslMode::VerifyFull,
            Verification::AuthorityAndHost(RootCertificates::System),
        ),
        (
            "sslrootcert=system",
            SslMode::VerifyFull,
            Verification::AuthorityAndHost(RootCertificates::System),
        ),
    ] {
        let tls = config(&format!("postgres://h/d?{options}")).tls;
        assert_eq!((tls.mode, tls.verification), (mode, verification), "{options}");
    }
    let tls = config("postgres://h/d?sslcert=a.pem&sslkey=b.pem").tls;
    assert_eq!(tls.client, Some(("a.pem".into(), "b.pem".into())));
}

#[test]
fn errors_name_the_option() {
    let long = format!("postgres://h/d?schema={}", "x".repeat(64));
    for (url, expected) in [
        ("mysql://h/d", "postgres://"),
        ("postgres:///d", "host"),
        ("postgres://a,b/d?port=1", "ports"),
        ("postgres://h:x/d", "`port`"),
        ("postgres://h/d?ssl=true", "`ssl`"),
        ("postgres://h/d?schema", "NAME=VALUE"),
        ("postgres://h/d?schema=", "`schema`"),
        ("postgres://h/d?schema=pg_toast", "`schema`"),
        ("postgres://h/d?schema=a%00", "`schema`"),
        (&long, "63 bytes"),
        ("postgres://h/d?schema=%FF", "UTF-8"),
        ("postgres://h/d?sslmode=on", "`sslmode`"),
        ("postgres://h/d?sslmode=verify-ca", "`sslrootcert`"),
        ("postgres://h/d?sslmode=require&sslrootcert=system", "verify-full"),
        ("postgres://h/d?sslcert=a.pem", "`sslkey`"),
        ("postgres://h/d?statement_cache=0", "`statement_cache`"),
        ("postgres://h/d?connect_timeout=soon", "`connect_timeout`"),
    ] {
        assert!(error(url).contains(expected), "{url}: {}", error(url));
    }
}

#[test]
fn no_text_repeats_the_password() {
    for url in [
        "postgres://u:hunter2",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@h/d?Hunter2!x=1",
        "postgres://u:a/hunter2@h/d",
        "postgres://u:%FFhunter2@h/d",
        "postgres://u@h/d?password=%FFhunter2",
        "postgres://u:hunter2@h/d?port=hunter2",
        "postgres://u:hunter2@h/d",
        "postgres://u:hun@ter2@h/d?password=hunter2",
    ] {
        let text = format!("{:?}", PostgresConfig::new(url));
        assert!(!text.contains("unter2") && !text.contains("ter2"), "{text}");
    }
    let shown = format!("{:?}", config("postgres://u:hunter2@db:1/d?schema=s"));
    assert_eq!(shown, r#"PostgresConfig { server: "db:1/d", schema: "s", .. }"#);
}
