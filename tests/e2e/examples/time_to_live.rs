//! Prints the time until the numbers of a post are live, and the size of the browser's downloads for it.
//! Run it as `cargo xtask time-to-live`.
//!
//! Each visit uses a browser with an empty profile and a server with an empty database. The time is measured from the
//! navigation to the first text that only the live stream contains: the page is rendered without viewers, and the
//! stream reports one.

use anyhow::{Context, ensure};
use horizon_test_support::{BrowserTest, ServerOptions, browser_test, http};
use serde_json::{Value, json};

/// Visits per network.
const VISITS: usize = 10;

const POST: &str = "/blog/hello";

/// An unlimited network.
const FREE: [i32; 3] = [0, -1, -1];

/// Lighthouse's slow mobile network: round trip in milliseconds, bytes per second down and up.
const SLOW: [i32; 3] = [150, 200_000, 93_750];

/// Runs before the scripts of the page.
const WATCH: &str = r#"
    new MutationObserver((_, observer) => {
        const seen = document.querySelector('[data-horizon="viewers"]')?.textContent;
        window.first ??= seen;
        if (seen !== "1") return;
        window.liveAfter = performance.now();
        observer.disconnect();
    }).observe(document, { childList: true, characterData: true, subtree: true });
"#;

/// Returns the time in milliseconds, and the compressed size of the scripts and the module.
const REPORT: &str = r#"
    const sizes = new Map(performance.getEntriesByType("resource")
        .filter(({ name }) => /\.(js|wasm)$/.test(name))
        .map(({ name, encodedBodySize }) => [name, encodedBodySize]));
    return { first: window.first, after: window.liveAfter, bytes: [...sizes.values()].reduce((a, b) => a + b, 0) };
"#;

#[expect(clippy::print_stdout, reason = "its one line is what this program is for")]
fn main() -> anyhow::Result<()> {
    let here = visits(FREE)?;
    let slow = visits(SLOW)?;
    println!(
        "Navigation to live numbers in headless Chromium, {VISITS} first visits each: {} on this machine, {} at \
         1.6 Mbit/s and 150 ms; {} bytes of script and WebAssembly.",
        here.text(),
        slow.text(),
        here.bytes
    );
    Ok(())
}

struct Visits {
    millis: Vec<f64>,
    bytes: u64,
}

impl Visits {
    fn text(&self) -> String {
        let median = self.millis.get(self.millis.len() / 2).copied().unwrap_or_default();
        let longest = self.millis.last().copied().unwrap_or_default();
        format!("median {median:.0} ms, longest {longest:.0} ms")
    }
}

fn visits(line: [i32; 3]) -> anyhow::Result<Visits> {
    let mut visits = Visits {
        millis: Vec::with_capacity(VISITS),
        bytes: 0,
    };
    for _ in 0..VISITS {
        browser_test(1, ServerOptions::default(), async |test| {
            let (millis, bytes) = visit(test, line).await?;
            visits.millis.push(millis);
            visits.bytes = bytes;
            Ok(())
        })?;
    }
    visits.millis.sort_by(f64::total_cmp);
    Ok(visits)
}

async fn visit(test: &mut BrowserTest, line: [i32; 3]) -> anyhow::Result<(f64, u64)> {
    // The first response of a server is its slowest, and few visitors wait for it.
    http::get(test.server.address(), POST).await?;
    let ada = test.browser("Ada").await?;
    let [latency, down, up] = line;
    let conditions =
        json!({ "offline": false, "latency": latency, "downloadThroughput": down, "uploadThroughput": up });
    ada.devtools("Network.emulateNetworkConditions", &conditions).await?;
    ada.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }))
        .await?;
    ada.open(POST).await?;
    ada.wait_for("its numbers are live", "return window.liveAfter !== undefined")
        .await?;
    let report = ada.script(REPORT, &[]).await?;
    ensure!(
        report.get("first") == Some(&json!("0")),
        "the page came with its numbers live: {report}"
    );
    let after = report.get("after").and_then(Value::as_f64).context("no time")?;
    let bytes = report.get("bytes").and_then(Value::as_u64).context("no bytes")?;
    Ok((after, bytes))
}
