//! The limit of file descriptors.

use anyhow::{Context, ensure};

use crate::client_addresses;

/// File descriptors for standard streams, the runtime and publish requests.
const RESERVE: u64 = 200;

/// Raises the limit of file descriptors to its maximum, and checks that it is enough for the viewers.
///
/// # Errors
/// The limit is too low for the viewers.
pub fn make_room(viewers: usize) -> anyhow::Result<()> {
    let (soft, hard) =
        rlimit::getrlimit(rlimit::Resource::NOFILE).context("the limit of file descriptors is unknown")?;
    if soft < hard {
        rlimit::setrlimit(rlimit::Resource::NOFILE, hard, hard).context("the limit of file descriptors stays")?;
    }
    let fit = hard.saturating_sub(RESERVE);
    ensure!(
        u64::try_from(viewers)? <= fit,
        "{viewers} viewers do not fit: this process may have {hard} file descriptors, which is {fit} viewers; \
         raise the hard limit (ulimit -Hn) or start a second process"
    );
    ensure!(
        viewers <= client_addresses::MOST,
        "at most {} viewers have a loopback address",
        client_addresses::MOST
    );
    ensure!(viewers > 0, "without a viewer there is nothing to measure");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_too_many_viewers_has_the_limit() {
        let error = make_room(usize::MAX).unwrap_err().to_string();
        assert!(error.contains("do not fit") || error.contains("loopback"), "{error}");
    }
}
