//! Errors that prevent the start, and their messages.

use std::{collections::BTreeSet, process::Output};

use anyhow::{Context, ensure};
use horizon_redis::testing::RedisServer;
use horizon_test_support::{DEADLINE, Posts, ServerOptions, WebServer, http, process::Process, program, wait_for_line};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Runs the server with these settings until it ends with an error.
async fn start(arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<Output> {
    let mut command = program()?;
    command
        .args(arguments)
        .env("HORIZON_ADDR", "127.0.0.1:0")
        .env("HORIZON_STORE", "memory:")
        .envs(variables.to_vec());
    Ok(timeout(DEADLINE, command.output())
        .await
        .context("the server starts despite the error")??)
}

fn error_text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stderr.as_slice(), output.stdout.as_slice()].concat()).into_owned()
}

/// A folder with invalid files, and the expected error for each.
fn invalid_posts() -> anyhow::Result<(Posts, Vec<(&'static str, &'static str)>)> {
    let posts = Posts::two()?;
    let files = [
        (
            "no-title.md",
            "---\ndescription: x\ndate: 2026-01-02\n---\nWords.\n",
            "title",
        ),
        ("bad-date.md", "---\ntitle: x\ndate: the day after\n---\nWords.\n", ":3"),
        ("bad-yaml.md", "---\ntitle: \"x\n tags: [a\n---\nWords.\n", ":"),
        ("no-front-matter.md", "Only words.\n", ":1"),
        (
            "Hello.md",
            "---\ntitle: x\ndate: 2026-01-02\nslug: hello\n---\nWords.\n",
            "hello",
        ),
    ];
    let mut expected = Vec::new();
    for (name, text, sign) in files {
        posts.write(name, text)?;
        expected.push((name, sign));
    }
    Ok((posts, expected))
}

#[tokio::test]
async fn invalid_posts_stop_the_check_and_a_strict_start_and_are_all_listed() -> anyhow::Result<()> {
    let (posts, expected) = invalid_posts()?;
    let folder = posts.path().to_string_lossy().into_owned();
    for arguments in [&["--strict"][..], &["check"]] {
        let output = start(arguments, &[("HORIZON_POSTS", &folder)]).await?;
        let errors = error_text(&output);
        ensure!(!output.status.success(), "{arguments:?} succeeds: {errors}");
        for (name, sign) in &expected {
            let line = errors.lines().find(|line| line.contains(name));
            ensure!(
                line.is_some_and(|line| line.contains(sign)),
                "{arguments:?} has no `{sign}` for {name}: {errors}"
            );
        }
        ensure!(
            !errors.contains("second.md"),
            "{arguments:?} reports an error of a valid post: {errors}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_of_only_invalid_files_stops_the_start() -> anyhow::Result<()> {
    let posts = Posts::empty()?;
    posts.write("Untitled.md", "")?;
    let folder = posts.path().to_string_lossy().into_owned();
    let errors = error_text(&start(&[], &[("HORIZON_POSTS", &folder)]).await?);
    ensure!(
        errors.contains("HORIZON_POSTS") && errors.contains("Untitled.md:1"),
        "{errors}"
    );
    Ok(())
}

#[tokio::test]
async fn a_warning_stops_only_a_strict_start_and_check() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    posts.write("x.md", "---\ntitle: x\ndate: 2026-01-02\ndescripton: y\n---\nWords.\n")?;
    let folder = posts.path().to_string_lossy().into_owned();
    let output = start(&["check"], &[("HORIZON_POSTS", &folder)]).await?;
    let errors = error_text(&output);
    ensure!(
        output.status.success() && errors.contains("x.md:4: warning: \"descripton\""),
        "{errors}"
    );
    ensure!(errors.ends_with(": 3 posts and 0 pages, 1 warning\n"), "{errors}");
    for arguments in [&[][..], &["check"]] {
        let output = start(arguments, &[("HORIZON_POSTS", &folder), ("HORIZON_STRICT", "true")]).await?;
        let errors = error_text(&output);
        ensure!(!output.status.success(), "{arguments:?} succeeds: {errors}");
        ensure!(
            errors.contains("HORIZON_STRICT") && errors.contains("x.md:4"),
            "{errors}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn check_lists_scheduled_and_skipped_files_and_finds_no_errors() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    posts.write("README.md", "# My blog\n")?;
    posts.write("later.md", "---\ntitle: x\ndate: 2099-01-02\n---\nWords.\n")?;
    let folder = posts.path().to_string_lossy().into_owned();
    let output = start(&["check", "--strict"], &[("HORIZON_POSTS", &folder)]).await?;
    let errors = error_text(&output);
    ensure!(output.status.success(), "{errors}");
    for line in [
        "/README.md: note: skipped: the file has no front matter [skipped]\n",
        "/later.md: scheduled for 2099-01-02T00:00:00Z\n",
    ] {
        ensure!(errors.contains(line), "`{line}` is not in {errors}");
    }
    ensure!(
        errors.ends_with(&format!(
            "{folder}: 2 posts and 0 pages, 1 scheduled file, no errors, 1 note\n"
        )),
        "{errors}"
    );
    Ok(())
}

#[tokio::test]
async fn check_writes_a_report_for_programs() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    posts.write(
        "x.md",
        "---\ntitle: x\ndate: 2026-01-02\n---\n[a](hello.md) [b](none.md)\n![](none.png)\n",
    )?;
    posts.write("later.md", "---\ntitle: Later\ndate: 2099-01-02\n---\nWords.\n")?;
    let folder = posts.path().to_string_lossy().into_owned();
    let check = ["check", "--format", "json", "--posts", &folder];
    let output = start(&check, &[]).await?;
    ensure!(output.status.success(), "{}", error_text(&output));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let finding = |line: u32, rule: &str, message: &str| {
        let file = format!("{folder}/x.md");
        json!({ "severity": "warning", "rule": rule, "file": file, "line": line, "message": message })
    };
    let expected = json!({
        "version": 1, "folder": folder, "layout": "plain", "posts": 3, "pages": 0, "drafts": 0, "expired": 0,
        "errors": 0, "warnings": 2, "notes": 0,
        "findings": [
            finding(5, "dead-link", "\"none.md\" leads to no page or file of this blog"),
            finding(6, "missing-picture", "there is no picture \"none.png\""),
        ],
        "scheduled": [
            { "file": format!("{folder}/later.md"), "title": "Later", "public_from": "2099-01-02T00:00:00Z" },
        ],
        "not_read": [],
        "newly_public": [],
    });
    ensure!(report == expected, "{report:#}");
    let strict = start(&check, &[("HORIZON_STRICT", "true")]).await?;
    ensure!(
        strict.status.code() == Some(1) && strict.stdout == output.stdout,
        "{}",
        error_text(&strict)
    );
    Ok(())
}

#[tokio::test]
async fn the_shipped_posts_pass_the_check() -> anyhow::Result<()> {
    let output = start(&["check", "--strict"], &[]).await?;
    ensure!(output.status.success(), "{}", error_text(&output));
    Ok(())
}

#[tokio::test]
async fn an_invalid_setting_stops_the_start_with_an_error_that_names_it() -> anyhow::Result<()> {
    for (name, value) in [
        ("HORIZON_ADDR", "localhost"),
        ("HORIZON_ADDR", "127.0.0.1:65536"),
        ("HORIZON_POSTS", "/no/such/folder"),
        ("HORIZON_STORE", "mysql://localhost"),
        ("HORIZON_STORE", "sqlite:"),
        ("HORIZON_BUS", "carrier-pigeon:"),
        ("HORIZON_BUS", "redis://u:hunter2@localhost/x"),
        ("HORIZON_BUS", "stdin:"),
        ("HORIZON_NODE", "two words"),
        ("HORIZON_SECRET", "hunter2"),
        ("HORIZON_ADMIN_TOKEN", "hunter2"),
        ("HORIZON_TRUSTED_PROXIES", "everyone"),
        ("HORIZON_COUNTRY_HEADER", "two words"),
        ("HORIZON_GEOIP", "/no/such/countries.mmdb"),
        ("HORIZON_GEOIP", file!()),
        ("HORIZON_MODERATION", "maybe"),
        ("HORIZON_SITE", "/no/such/folder"),
        ("HORIZON_TLS_CERT", "/no/such/certificate"),
        ("HORIZON_TLS_KEY", "/no/such/key"),
    ] {
        let output = start(&[], &[(name, value)]).await?;
        let errors = error_text(&output);
        ensure!(!output.status.success(), "{name}={value} goes on: {errors}");
        let named = errors.contains(name);
        ensure!(named, "{name}={value} is not named: {errors}");
        ensure!(!errors.contains("hunter2"), "a secret is repeated: {errors}");
        ensure!(!errors.contains("panicked"), "{name}={value} panics: {errors}");
    }
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_start_with_its_path() -> anyhow::Result<()> {
    let settings = [
        ("HORIZON_TLS_CERT", "/no/such/cert.pem"),
        ("HORIZON_TLS_KEY", "/no/such/key.pem"),
    ];
    let output = start(&[], &settings).await?;
    let errors = error_text(&output);
    ensure!(!output.status.success(), "it starts: {errors}");
    ensure!(
        errors.lines().count() == 1 && errors.contains("HORIZON_TLS_CERT") && errors.contains("/no/such/cert.pem"),
        "{errors}"
    );
    Ok(())
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_and_a_low_one_reported() -> anyhow::Result<()> {
    let (folder, program) = (tempfile::tempdir()?, program()?);
    let mut command = tokio::process::Command::new("prlimit");
    command.arg("--nofile=300:1000").arg(program.as_std().get_program());
    command
        .current_dir(program.as_std().get_current_dir().context("no folder")?)
        .env("HORIZON_ADDR", "127.0.0.1:0")
        .env("HORIZON_STORE", "memory:")
        .kill_on_drop(true);
    let log = folder.path().join("log");
    let _server = Process::start(command, &log).await?;
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    wait_for_line(
        read,
        &["WARN", "the limit of open files allows fewer readers", "readers=900"],
    )
    .await
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_stops_the_start_with_its_path() -> anyhow::Result<()> {
    let output = start(&[], &[("HORIZON_STORE", "sqlite:/no/such/folder/horizon.db")]).await?;
    let errors = error_text(&output);
    ensure!(
        !output.status.success() && errors.contains("/no/such/folder/horizon.db"),
        "it errors: {errors}"
    );
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_database_is_rejected_with_its_path() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = format!("sqlite:{}", folder.path().join("numbers.db").display());
    let _first = WebServer::start(ServerOptions::default().with("HORIZON_STORE", &store)).await?;
    let output = start(&[], &[("HORIZON_STORE", &store)]).await?;
    let errors = error_text(&output);
    ensure!(
        !output.status.success() && errors.contains("HORIZON_STORE") && errors.contains("numbers.db"),
        "it errors: {errors}"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_in_use_stops_the_start_with_that_address() -> anyhow::Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let output = start(&[], &[("HORIZON_ADDR", &address)]).await?;
    let errors = error_text(&output);
    ensure!(
        !output.status.success() && errors.contains(&address),
        "it errors: {errors}"
    );
    Ok(())
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() -> anyhow::Result<()> {
    let help = program()?.arg("--help").output().await?;
    let help = String::from_utf8(help.stdout)?;
    let words = help.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let mut names: BTreeSet<&str> = words.filter(|word| word.starts_with("HORIZON_")).collect();
    // The tests need other values than the defaults.
    ensure!(
        names.remove("HORIZON_ADDR") && names.remove("HORIZON_STORE") && names.len() > 14,
        "{help}"
    );
    names.extend(["HORIZON_PIPE", "RUST_LOG"]);
    let empty = names
        .iter()
        .fold(ServerOptions::default(), |options, name| options.with(name, ""));
    let server = WebServer::start(empty).await?;
    // `info` is the default of RUST_LOG.
    wait_for_line(|| server.log(), &["INFO", "serving"]).await
}

#[tokio::test]
async fn without_a_base_url_no_other_machine_gets_absolute_urls() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default().with("HORIZON_ADDR", "0.0.0.0:0")).await?;
    wait_for_line(|| server.log(), &["WARN", "HORIZON_BASE_URL is not set"]).await?;
    let page = http::get(server.address(), "/blog/hello").await?.text();
    ensure!(!page.contains("canonical") && !page.contains("0.0.0.0"), "{page}");
    for path in ["/feed.xml", "/rss.xml", "/sitemap.xml"] {
        let get = async |host: &str| http::send(server.address(), http::Method::GET, path, &[("host", host)], "").await;
        let other = get("blog.example").await?;
        ensure!(
            other.status == 503 && other.text().contains("HORIZON_BASE_URL"),
            "{path}: {other:?}"
        );
        let local = get("localhost:3000").await?;
        ensure!(
            local.status == 200 && local.header("cache-control") == "no-store",
            "{path}: {local:?}"
        );
        ensure!(
            local.text().contains("http://localhost:3000/"),
            "{path}: {}",
            local.text()
        );
    }
    let robots = http::get(server.address(), "/robots.txt").await?;
    ensure!(robots.status == 200 && !robots.text().contains("Sitemap"), "{robots:?}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_and_tls_on_a_port_without_it_stop_the_start() -> anyhow::Result<()> {
    let redis = RedisServer::start(&["--requirepass", "correct-horse"]).await?;
    for (scheme, sentence) in [
        ("redis://ada:hunter2@", "it rejects the user `ada` or the password"),
        ("rediss://ada:hunter2@", "it does not use TLS on this port"),
    ] {
        let bus = redis.url().replace("redis://", scheme);
        let secret = "a secret of the tests, which is long enough";
        let output = start(
            &[],
            &[
                ("HORIZON_BUS", &bus),
                ("HORIZON_STORE", &bus),
                ("HORIZON_SECRET", secret),
            ],
        )
        .await?;
        let errors = error_text(&output);
        ensure!(!output.status.success() && errors.contains(sentence), "{errors}");
        ensure!(
            errors.contains("HORIZON_BUS") && !errors.contains("hunter2"),
            "{errors}"
        );
    }
    Ok(())
}
