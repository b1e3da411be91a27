use std::fs;

use tokio::process::Command;

use crate::site::{LeaveNotice, ProxiedSite, ProxySetup};

/// One process. All paths are below the folder that `-p` names.
const MAIN: &str = "daemon off;
master_process off;
pid pid;
error_log stderr error;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
";

#[tokio::test]
async fn nginx_passes_on_everything() -> anyhow::Result<()> {
    let site = ProxiedSite::start(ProxySetup {
        file: "nginx.conf",
        listen: ("listen 80;", |address| format!("listen {address};")),
        leave: LeaveNotice::AtOnce,
        command: |folder, site_config, _| {
            fs::write(folder.join("site.conf"), site_config)?;
            fs::write(folder.join("nginx.conf"), MAIN)?;
            let mut command = Command::new("nginx");
            command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
            Ok(command)
        },
    });
    site.await?.check().await
}
