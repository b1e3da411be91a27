use std::fs;

use tokio::process::Command;

use crate::site::{LeaveNotice, ProxiedSite, ProxySetup};

#[tokio::test]
async fn haproxy_passes_on_everything() -> anyhow::Result<()> {
    let site = ProxiedSite::start(ProxySetup {
        file: "haproxy.cfg",
        listen: ("bind :80", |address| format!("bind {address}")),
        leave: LeaveNotice::AfterHeartbeat,
        command: |folder, site_config, _| {
            let config = folder.join("haproxy.cfg");
            fs::write(&config, site_config)?;
            let mut command = Command::new("haproxy");
            // In the foreground, as one process.
            command.arg("-db").arg("-f").arg(config);
            Ok(command)
        },
    });
    site.await?.check().await
}
