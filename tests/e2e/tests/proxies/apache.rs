use std::fs;

use tokio::process::Command;

use crate::site::{LeaveNotice, ProxiedSite, ProxySetup};

/// The modules of the guide's block, and those that Debian enables for every site.
const MODULES: [&str; 4] = ["mpm_event", "authz_core", "proxy", "proxy_http"];

/// The folder of the modules in Debian.
const MODULES_FOLDER: &str = "/usr/lib/apache2/modules";

#[tokio::test]
async fn apache_passes_on_everything() -> anyhow::Result<()> {
    let site = ProxiedSite::start(ProxySetup {
        file: "apache.conf",
        listen: ("<VirtualHost *:80>", |address| format!("<VirtualHost {address}>")),
        leave: LeaveNotice::AfterHeartbeat,
        command: |folder, site_config, address| {
            let modules = MODULES.map(|name| format!("LoadModule {name}_module {MODULES_FOLDER}/mod_{name}.so\n"));
            let (modules, folder_name) = (modules.concat(), folder.display());
            let main = format!(
                "ServerRoot \"{folder_name}\"\nDefaultRuntimeDir \"{folder_name}\"\nPidFile pid\nListen {address}\n\
                 ServerName localhost\nErrorLog /dev/stderr\nUser nobody\nGroup nogroup\n{modules}{site_config}"
            );
            let config = folder.join("apache.conf");
            fs::write(&config, main)?;
            let mut command = Command::new("apache2");
            // One process, so that none remains.
            command.arg("-X").arg("-f").arg(config);
            Ok(command)
        },
    });
    site.await?.check().await
}
