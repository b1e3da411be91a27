use eventhorizon::BusUrl;
use horizon_backend::{Delivery, StoreUrl};

use super::*;

fn parse_error(arguments: &[&str]) -> String {
    Cli::try_parse_from(arguments).unwrap_err().to_string()
}

#[test]
fn an_invalid_value_is_reported_with_its_setting() {
    for (flag, name, value) in [
        ("--addr", "HORIZON_ADDR", "localhost"),
        ("--trusted-proxies", "HORIZON_TRUSTED_PROXIES", "everyone"),
        ("--country-header", "HORIZON_COUNTRY_HEADER", "two words"),
        ("--moderation", "HORIZON_MODERATION", "maybe"),
        ("--dashboard", "HORIZON_DASHBOARD", "maybe"),
        ("--node", "HORIZON_NODE", "two words"),
        ("--heartbeat", "HORIZON_HEARTBEAT", "0"),
        ("--timezone", "HORIZON_TIMEZONE", "Europe/Atlantis"),
        ("--session-retention", "HORIZON_SESSION_RETENTION", "0"),
        ("--heartbeat", "HORIZON_HEARTBEAT", "61"),
        ("--base-url", "HORIZON_BASE_URL", "ftp://example.org"),
        ("--events", "HORIZON_EVENTS", "(other)"),
    ] {
        assert!(parse_error(&["horizon-web", flag, value]).contains(name), "{name}");
    }
}

#[test]
fn errors_do_not_contain_secrets() {
    for (flag, name) in [
        ("--secret", "HORIZON_SECRET"),
        ("--admin-token", "HORIZON_ADMIN_TOKEN"),
        ("--reports-token", "HORIZON_REPORTS_TOKEN"),
        ("--store", "HORIZON_STORE"),
        ("--bus", "HORIZON_BUS"),
        ("--pipe", "HORIZON_PIPE"),
    ] {
        let error = Cli::try_parse_from(["horizon-web", flag, "hunter2"])
            .unwrap()
            .serve
            .check()
            .unwrap_err()
            .to_string();
        assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn invalid_combinations_are_rejected() {
    for (bus, store, name) in [
        ("stdin:", "memory:", "HORIZON_BUS"),
        ("redis://localhost", "memory:", "HORIZON_STORE"),
    ] {
        let cli = Cli::try_parse_from(["horizon-web", "--bus", bus, "--store", store]).unwrap();
        let error = cli.serve.check().unwrap_err().to_string();
        assert!(error.starts_with(name), "{error}");
    }
}

#[test]
fn a_blog_with_a_title_of_its_own_has_no_description_by_default() {
    let description = |arguments: &[&str]| {
        let arguments = std::iter::once(&"horizon-web").chain(arguments);
        Cli::try_parse_from(arguments).unwrap().serve.description().to_owned()
    };
    assert!(description(&[]).starts_with("Live presence"));
    assert_eq!(description(&["--title", "The shed"]), "");
    assert_eq!(description(&["--title", "The shed", "--description", "Wood."]), "Wood.");
}

#[test]
fn the_default_store_is_the_redis_of_the_bus() {
    let cli = Cli::try_parse_from(["horizon-web", "--bus", "redis+pubsub://localhost"]).unwrap();
    let settings = cli.serve.check().unwrap();
    assert!(matches!(settings.urls.bus(), BusUrl::Redis(_, Delivery::PubSub)));
    assert!(matches!(settings.urls.store(), StoreUrl::Redis(_)));
}

#[test]
fn the_bus_has_an_old_name_which_must_not_differ() {
    let check = |arguments: &[&str]| {
        let arguments = [&["horizon-web"], arguments].concat();
        Cli::try_parse_from(arguments).unwrap().serve.check()
    };
    let redis = "redis://localhost";
    for arguments in [
        &["--bus", redis][..],
        &["--pipe", redis],
        &["--bus", redis, "--pipe", redis],
    ] {
        assert!(matches!(check(arguments).unwrap().urls.bus(), BusUrl::Redis(..)));
    }
    let error = check(&["--bus", redis, "--pipe", "memory:"]).unwrap_err().to_string();
    assert!(
        error.starts_with("HORIZON_BUS is wrong: it differs from HORIZON_PIPE"),
        "{error}"
    );
    let help = <Cli as clap::CommandFactory>::command().render_long_help().to_string();
    assert!(help.contains("--bus") && !help.contains("--pipe"), "{help}");
}

#[test]
fn secrets_are_not_logged() {
    let secret = "0123456789abcdef0123456789abcdef";
    let arguments = ["--secret", "--admin-token", "--reports-token"].map(|flag| [flag, secret]);
    let cli = Cli::try_parse_from(["horizon-web"].iter().chain(arguments.iter().flatten())).unwrap();
    assert!(!format!("{cli:?}").contains(secret));
}

#[test]
fn a_base_url_loses_its_trailing_slash() {
    for (text, expected) in [
        ("https://example.org/", "https://example.org"),
        ("https://Example.org:443", "https://example.org"),
        ("http://example.org:80/", "http://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), expected);
    }
    for text in [
        "example.org",
        "https://",
        "https://me@example.org",
        "https://me@example.org:443",
        "https://example.org?x=1",
        "https://example.org/?x=1",
    ] {
        assert!(text.parse::<BaseUrl>().is_err(), "{text}");
    }
}

#[test]
fn a_base_url_with_a_path_is_rejected_with_the_reason() {
    let error = parse_error(&["horizon-web", "--base-url", "https://example.org/blog"]);
    assert!(
        error.contains("HORIZON_BASE_URL") && error.contains("without a path"),
        "{error}"
    );
}

#[test]
fn an_address_may_be_localhost() {
    let cli = Cli::try_parse_from(["horizon-web", "--addr", "localhost:3000"]).unwrap();
    assert_eq!(cli.serve.network.addr.to_string(), "127.0.0.1:3000");
    let error = parse_error(&["horizon-web", "--addr", "example.org:3000"]);
    assert!(error.contains("localhost:3000"), "{error}");
}

#[test]
fn trusted_proxies_are_networks_or_addresses_and_may_have_spaces() {
    let text = "10.0.0.0/8, 127.0.0.1 ,::1, ::ffff:192.0.2.1";
    let cli = Cli::try_parse_from(["horizon-web", "--trusted-proxies", text]).unwrap();
    let networks = cli.serve.network.trusted_proxies.iter().map(ToString::to_string);
    assert_eq!(
        networks.collect::<Vec<_>>(),
        ["10.0.0.0/8", "127.0.0.1/32", "::1/128", "192.0.2.1/32"]
    );
}

#[test]
fn cookies_are_secure_if_the_base_url_is_https_or_else_with_tls() {
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    for (base_url, tls, expected) in [
        (None, &tls[..], true),
        (None, &[], false),
        (Some("https://example.org"), &[], true),
        (Some("http://example.org"), &tls, false),
    ] {
        let base_url = base_url.map(|url| ["--base-url", url]);
        let arguments = ["horizon-web"].iter().chain(base_url.iter().flatten()).chain(tls);
        let serve = Cli::try_parse_from(arguments).unwrap().serve;
        assert_eq!(serve.is_https(), expected, "{base_url:?} {tls:?}");
    }
}
