//! Checks that common mistakes of applications get compiler errors that say what to write.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

use crate::run;

/// An application with one mistake for each of [`MESSAGES`].
const APPLICATION: &str = "\
use axum::extract::FromRequestParts;
use horizon_axum::{Requester, eventhorizon::Horizon};

pub struct ShopState;

pub struct Articles;

fn is_extractor<T: FromRequestParts<ShopState>>() {}

pub fn state_without_a_horizon() {
    is_extractor::<Requester>();
}

pub async fn rules_of_other_types() {
    let builder = Horizon::in_memory().identify(Articles).event_policy(Articles);
    let _ = builder.start(Articles).await;
}

pub async fn a_rule_with_another_argument() {
    let _ = Horizon::in_memory().start(|slug: &str| slug == \"hello\").await;
}
";

/// What the compiler says about [`APPLICATION`].
const MESSAGES: [&str; 9] = [
    "the extractors of horizon-axum need a `Horizon` in the state of the router, and `ShopState` has none",
    "impl FromRef<ShopState> for Horizon",
    "`Articles` does not decide which pages exist",
    "`|slug: &Slug| slug.as_str() == \"hello\"`",
    "`Articles` does not identify callers",
    "`|caller: &Caller| Identity::unknown()`",
    "`Articles` does not decide on events",
    "`|proposed: &ProposedEvent<'_>| Decision::Accept`",
    // The compiler's own message about a closure:
    "expected closure signature `for<'a> fn(&'a horizon_axum::Slug) -> _`",
];

/// Compiles [`APPLICATION`], which must fail with [`MESSAGES`].
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let folder = run::target(root).join("compile-errors");
    fs::create_dir_all(folder.join("src")).with_context(|| format!("{} cannot be created", folder.display()))?;
    fs::write(folder.join("src/lib.rs"), APPLICATION)?;
    fs::write(folder.join("Cargo.toml"), manifest(root))?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut check = run::cargo(root);
    check.current_dir(&folder).args(["check", "--quiet", "--offline"]);
    check.env("CARGO_TARGET_DIR", run::target(root));
    let output = check.output().context("cargo does not start")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    for message in MESSAGES {
        ensure!(
            errors.contains(message),
            "the compiler does not say `{message}`, but:\n{errors}"
        );
    }
    Ok(())
}

fn manifest(root: &Path) -> String {
    format!(
        "[package]\nname = \"application\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         axum = {{ version = \"0.8\", default-features = false }}\n\
         horizon-axum = {{ path = {:?}, default-features = false }}\n",
        root.join("integrations/axum"),
    )
}
