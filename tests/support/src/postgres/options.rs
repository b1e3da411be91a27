use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::programs::ServerUser;
use crate::TestCertificate;

/// How a [`PostgresServer`](crate::PostgresServer) starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresOptions<'a> {
    /// Arguments of the program `postgres`, such as `["-c", "max_connections=10"]`.
    pub arguments: &'a [&'a str],
    /// Whether commits are flushed to the disk.
    pub is_durable: bool,
    /// The certificate of the server. Without one it has no TLS.
    pub certificate: Option<&'a TestCertificate>,
    /// The certificate of the clients, for lines of `access` with `clientcert`.
    pub client_certificate: Option<&'a TestCertificate>,
    /// Lines of `pg_hba.conf` before those that accept all users of this machine.
    pub access: &'a str,
}

impl PostgresOptions<'_> {
    /// Writes the files of these options, and returns all arguments of the program `postgres`.
    pub(super) fn prepare(&self, user: &ServerUser, folder: &Path) -> anyhow::Result<Vec<String>> {
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".into(),
            "max_connections=200".into(),
        ];
        if !self.is_durable {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(Into::into));
        }
        let write = |name: &str, text: &str| -> anyhow::Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            // PostgreSQL refuses a private key that others may read.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            user.own(&path)?;
            Ok(path)
        };
        if let Some(certificate) = self.certificate {
            let (pem, key) = (
                write("cert.pem", certificate.pem())?,
                write("key.pem", certificate.key_pem())?,
            );
            settings.push("ssl=on".into());
            settings.push(format!("ssl_cert_file={}", pem.display()));
            settings.push(format!("ssl_key_file={}", key.display()));
        }
        if let Some(certificate) = self.client_certificate {
            let pem = write("clients.pem", certificate.pem())?;
            settings.push(format!("ssl_ca_file={}", pem.display()));
        }
        self.restrict_access(&folder.join("data/pg_hba.conf"))?;
        let settings = settings.into_iter().flat_map(|setting| ["-c".into(), setting]);
        Ok(settings.chain(self.arguments.iter().map(ToString::to_string)).collect())
    }

    fn restrict_access(&self, file: &Path) -> anyhow::Result<()> {
        let lines = fs::read_to_string(file).context("`initdb` wrote no pg_hba.conf")?;
        Ok(fs::write(file, format!("{}\n{lines}", self.access))?)
    }
}
