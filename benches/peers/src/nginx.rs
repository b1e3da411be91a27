//! nginx with the module nchan.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use anyhow::ensure;
use tokio::process::Command;

use crate::peer::ensure_installed;

/// The path of the module in Debian.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// The maximum number of connections and open files of nginx.
const CONNECTIONS: &str = "20000";

const CONFIGURATION: &str = include_str!("../nginx.conf");

/// Writes the configuration into the folder. Returns the command and the address that it will listen on.
pub(crate) fn command(folder: &Path) -> anyhow::Result<(Command, SocketAddr)> {
    ensure_installed("nginx", "nginx", "https://nginx.org/en/download.html")?;
    ensure!(
        Path::new(MODULE).is_file(),
        "{MODULE} is missing: `apt-get install libnginx-mod-nchan` brings it on Debian"
    );
    let address = free_address()?;
    let configuration = CONFIGURATION
        .replace("{module}", MODULE)
        .replace("{connections}", CONNECTIONS)
        .replace("{address}", &address.to_string());
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(file);
    Ok((command, address))
}

/// Returns a free address, because nginx does not report the address that it chose.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
