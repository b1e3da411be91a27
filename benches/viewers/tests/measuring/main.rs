//! Runs the program with correct and with faulty servers.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod protocols;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod server;

#[cfg(test)]
use clap::Parser;
#[cfg(test)]
use horizon_viewers::{Options, Report, report::Figures, scenario::Deliveries};
#[cfg(test)]
use server::FakeServer;

/// Measures `server` with five viewers and these arguments. `kind` is `post` or `like`.
#[cfg(test)]
async fn measure(server: &FakeServer, kind: &str, arguments: &[&str]) -> Report {
    let url = format!("http://{}/live", server.address);
    let publish = format!("{kind}:http://{}/publish", server.address);
    let first = [
        "viewers",
        "--quiet",
        "--settle",
        "0.5",
        "--viewers",
        "5",
        "--url",
        &url,
        "--publish",
        &publish,
    ];
    let options = Options::parse_from(first.iter().chain(arguments));
    horizon_viewers::run(options).await.unwrap()
}

/// Returns the figures of `deliveries` with ten messages.
#[cfg(test)]
async fn deliveries(server: &FakeServer, kind: &str) -> (Report, Deliveries) {
    let arguments = ["--patience", "1", "deliveries", "--messages", "10", "--rate", "50"];
    let report = measure(server, kind, &arguments).await;
    match report.figures.clone() {
        Figures::Deliveries(deliveries) => (report, deliveries),
        other => panic!("{other:?}"),
    }
}
