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
        ("--moderation", "HORIZON_MODERATION", "maybe"),
        ("--node", "HORIZON_NODE", "two words"),
        ("--base-url", "HORIZON_BASE_URL", "ftp://example.org"),
    ] {
        assert!(parse_error(&["horizon-web", flag, value]).contains(name), "{name}");
    }
}

#[test]
fn errors_do_not_contain_secrets() {
    for (flag, name) in [
        ("--secret", "HORIZON_SECRET"),
        ("--admin-token", "HORIZON_ADMIN_TOKEN"),
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
    let cli = Cli::try_parse_from(["horizon-web", "--secret", secret, "--admin-token", secret]).unwrap();
    assert!(!format!("{cli:?}").contains(secret));
}

#[test]
fn a_base_url_loses_its_trailing_slash() {
    let url: BaseUrl = "https://example.org/".parse().unwrap();
    assert_eq!(url.0, "https://example.org");
    assert!("https://example.org/blog".parse::<BaseUrl>().is_err());
}
