use std::fs;

use tokio::process::Command;

use crate::site::{LeaveNotice, ProxiedSite, ProxySetup};

/// The test needs neither the API on port 2019 nor certificates.
const GLOBAL: &str = "{
	admin off
}
";

#[tokio::test]
async fn caddy_passes_on_everything() -> anyhow::Result<()> {
    let site = ProxiedSite::start(ProxySetup {
        file: "Caddyfile",
        listen: ("blog.example {", |address| format!("http://{address} {{")),
        leave: LeaveNotice::AtOnce,
        command: |folder, site_config, _| {
            let config = folder.join("Caddyfile");
            fs::write(&config, format!("{GLOBAL}{site_config}"))?;
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
            command.env("HOME", folder).env_remove("XDG_DATA_HOME");
            command.env_remove("XDG_CONFIG_HOME");
            Ok(command)
        },
    });
    site.await?.check().await
}
