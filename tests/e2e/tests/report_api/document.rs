use std::{fs, path::Path};

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::{ServedReports, TOKEN, run};

/// Returns the blocks of code of a language in the page for developers.
fn examples(language: &str) -> anyhow::Result<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reports-api.md");
    let page = fs::read_to_string(&page).with_context(|| format!("{} cannot be read", page.display()))?;
    let start = format!("\n```{language}\n");
    let blocks = page.split(&start).skip(1);
    Ok(blocks
        .filter_map(|block| Some(block.split("\n```").next()?.to_owned()))
        .collect())
}

#[tokio::test]
async fn the_examples_of_the_page_for_developers_work() -> anyhow::Result<()> {
    let site = ServedReports::start().await?;
    let mut printed = Vec::new();
    for (language, program) in [("sh", "sh"), ("python", "python3")] {
        let examples = examples(language)?;
        ensure!(!examples.is_empty(), "the page has no example in {language}");
        for example in examples {
            let mut command = Command::new(program);
            command.args(["-c", &example]);
            command
                .env("HORIZON_REPORTS_TOKEN", TOKEN)
                .env("HORIZON_URL", site.url());
            printed.push(run(&mut command, program).await?);
        }
    }
    let expected = ["\"results\":[{", "page,visitors,", "google", "docs/intro 11"];
    for text in expected {
        ensure!(
            printed.iter().any(|output| output.contains(text)),
            "no example prints {text}: {printed:?}"
        );
    }
    site.stop().await
}
