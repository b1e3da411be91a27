//! Warns about proxies whose forwarding headers are not used.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use http::{HeaderMap, header};
use ipnet::IpNet;

use crate::{
    Horizon,
    caller::{FORWARDED_FOR, client_addr, forwarded_addresses},
};

/// The number of different warnings: those of [`ForwardingProblem`].
const WARNINGS: usize = 4;

/// A forwarding header that is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ForwardingProblem {
    /// The peer is on this machine and not trusted.
    UntrustedLoopback,
    /// The peer is in a private network and not trusted.
    UntrustedPrivate,
    /// The peer has a public address and is not trusted.
    UntrustedPublic,
    /// The peer is trusted, but sends only `Forwarded`.
    OnlyForwarded,
}

/// The warnings that were logged: each once, so that a client cannot fill the log.
#[derive(Debug, Default)]
pub(crate) struct ForwardingWarnings([AtomicBool; WARNINGS]);

impl Horizon {
    /// Returns the client address of a request that came from `peer`; see [`client_addr`].
    ///
    /// It also logs a warning if the header of a proxy is not used because the proxy is not in
    /// [`trusted_proxies`](crate::Config::trusted_proxies), so that all its readers would be one network; at most once
    /// for peers on this machine, in private networks and with public addresses. The warning contains no address.
    #[must_use]
    pub fn client_addr(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = &self.config().trusted_proxies;
        if let Some(problem) = problem(peer.to_canonical(), headers, trusted) {
            self.0.forwarding_warnings.warn(problem);
        }
        client_addr(peer, headers, trusted)
    }
}

impl ForwardingWarnings {
    fn warn(&self, problem: ForwardingProblem) {
        let is_logged = self.0.get(problem as usize);
        if is_logged.is_none_or(|is_logged| is_logged.swap(true, Ordering::Relaxed)) {
            return;
        }
        let sender = match problem {
            ForwardingProblem::UntrustedLoopback => "this machine (127.0.0.1 or ::1)",
            ForwardingProblem::UntrustedPrivate => "a private network",
            ForwardingProblem::UntrustedPublic => "a public address",
            ForwardingProblem::OnlyForwarded => {
                tracing::warn!(
                    "a trusted proxy sends `Forwarded` without `X-Forwarded-For`, so all its readers count as one \
                     network: make it send `X-Forwarded-For`"
                );
                return;
            }
        };
        tracing::warn!(
            "a request from {sender} has a forwarding header, but its sender is not a trusted proxy, so the header is \
             ignored. If it is your proxy, all its readers count as one network: add its address to `trusted_proxies` \
             (HORIZON_TRUSTED_PROXIES). If it is not your proxy, ignore this warning"
        );
    }
}

/// Returns the problem of a request from `peer`.
fn problem(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<ForwardingProblem> {
    let has_forwarded_for = headers.contains_key(FORWARDED_FOR);
    if !has_forwarded_for && !headers.contains_key(header::FORWARDED) {
        return None;
    }
    if trusted.iter().any(|net| net.contains(&peer)) {
        return (!has_forwarded_for).then_some(ForwardingProblem::OnlyForwarded);
    }
    // The integration has already resolved the address of a client that the header contains.
    if peer.is_unspecified() || forwarded_addresses(headers).any(|address| address == Some(peer)) {
        return None;
    }
    Some(if peer.is_loopback() {
        ForwardingProblem::UntrustedLoopback
    } else if is_private(peer) {
        ForwardingProblem::UntrustedPrivate
    } else {
        ForwardingProblem::UntrustedPublic
    })
}

/// Returns whether an address is not routed in the Internet: also those of carrier-grade NAT (RFC 6598), which some
/// container networks use.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, fields: &[(&str, &str)]) -> Option<ForwardingProblem> {
        let headers = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        problem(
            peer.parse().unwrap(),
            &headers.collect(),
            &["10.0.0.0/8".parse().unwrap()],
        )
    }

    #[test]
    fn a_forwarding_header_of_an_untrusted_peer_is_a_problem() {
        for (peer, expected) in [
            ("127.0.0.1", ForwardingProblem::UntrustedLoopback),
            ("::1", ForwardingProblem::UntrustedLoopback),
            ("172.17.0.1", ForwardingProblem::UntrustedPrivate),
            ("100.64.0.1", ForwardingProblem::UntrustedPrivate),
            ("fd00::1", ForwardingProblem::UntrustedPrivate),
            ("198.51.100.7", ForwardingProblem::UntrustedPublic),
        ] {
            for field in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")] {
                assert_eq!(found(peer, &[field]), Some(expected), "{peer} {field:?}");
            }
        }
    }

    #[test]
    fn a_request_without_the_header_or_through_a_trusted_proxy_is_not() {
        assert_eq!(found("127.0.0.1", &[]), None);
        assert_eq!(found("0.0.0.0", &[("x-forwarded-for", "192.0.2.1")]), None);
        assert_eq!(found("10.0.0.1", &[("x-forwarded-for", "192.0.2.1")]), None);
        assert_eq!(found("192.0.2.1", &[("x-forwarded-for", "6.6.6.6, 192.0.2.1")]), None);
        let only_forwarded = found("10.0.0.1", &[("forwarded", "for=192.0.2.1")]);
        assert_eq!(only_forwarded, Some(ForwardingProblem::OnlyForwarded));
    }

    #[test]
    fn each_warning_is_logged_once() {
        let warnings = ForwardingWarnings::default();
        warnings.warn(ForwardingProblem::UntrustedPrivate);
        let logged = warnings.0.iter().map(|flag| flag.load(Ordering::Relaxed));
        assert_eq!(logged.collect::<Vec<_>>(), [false, true, false, false]);
    }
}
