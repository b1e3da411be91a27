//! Visitor keys, and which requests count as visits.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use horizon_backend::{Backend, ReportsCheck, random_bytes};
use horizon_core::{Day, Error, Result, SaltStore, Timestamp, VisitorKey};
use http::{HeaderMap, header};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::{bots::Bots, clock::EventClock, visit_tracker::VisitorIdentity};

/// How long before the site's midnight the next day's salt is read: one hour. No request has to wait for it at
/// midnight.
const READ_AHEAD: Duration = Duration::from_secs(3_600);

/// The time limit for reading salts ahead: one second. The site also works without them.
const SALT_TIMEOUT: Duration = Duration::from_secs(1);

/// Derives visitor keys with the salt of the day in the time zone of the site.
pub(crate) struct VisitorKeys {
    salts: Arc<dyn SaltStore>,
    site: String,
    clock: EventClock,
    /// Knows the time zone of the site, and whether other processes have the same.
    reports: ReportsCheck,
    /// The salts of today and tomorrow, once they are read.
    cached: Mutex<BTreeMap<Day, [u8; 32]>>,
}

impl VisitorKeys {
    pub(crate) fn new(backend: &Backend, site: String, clock: EventClock) -> Self {
        Self {
            salts: Arc::clone(&backend.ports().salts),
            site,
            clock,
            reports: backend.reports_check().clone(),
            cached: Mutex::default(),
        }
    }

    /// Returns the visitor's key for today, or `None` for an anonymous one.
    pub(crate) async fn key(&self, identity: &VisitorIdentity) -> Result<Option<VisitorKey>> {
        let today = || self.salt(self.clock.now());
        Ok(match identity {
            VisitorIdentity::Network { address, user_agent } => {
                Some(VisitorKey::derive(&today().await?, &self.site, *address, user_agent))
            }
            VisitorIdentity::Named(name) => Some(VisitorKey::named(&today().await?, &self.site, name)),
            VisitorIdentity::Anonymous => None,
        })
    }

    /// Reads today's salt, and in the last hour of the day tomorrow's, unless they are cached.
    ///
    /// # Errors
    /// Those of the store, or it did not respond within a second.
    pub(crate) async fn read_ahead(&self) -> Result<()> {
        let now = self.clock.now();
        let today = self.day_of(now);
        self.cached.lock().retain(|day, _| *day >= today);
        let read = async {
            self.salt(now).await?;
            self.salt(now.plus(READ_AHEAD)).await.map(drop)
        };
        timeout(SALT_TIMEOUT, read)
            .await
            .unwrap_or_else(|elapsed| Err(Error::unavailable("reading the salt timed out").with_source(elapsed)))
    }

    async fn salt(&self, at: Timestamp) -> Result<[u8; 32]> {
        // With another time zone than the other processes, one visitor would have two keys on a day.
        self.reports.require_zone().await?;
        let day = self.day_of(at);
        if let Some(salt) = self.cached.lock().get(&day) {
            return Ok(*salt);
        }
        // Creating the salt of a wrong day would erase the right one.
        if !self.clock.is_known() {
            return Err(Error::unavailable("the day is unknown until Redis reports its time"));
        }
        let salt = self.salts.salt(day, random_bytes()?).await?;
        let today = self.day_of(self.clock.now());
        let mut cached = self.cached.lock();
        cached.retain(|day, _| *day >= today);
        cached.insert(day, salt);
        Ok(salt)
    }

    fn day_of(&self, at: Timestamp) -> Day {
        self.reports.time_zone().day_of(at)
    }
}

impl fmt::Debug for VisitorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitorKeys")
    }
}

/// Returns why a request is not a visit, or `None` if a person seems to have sent it.
pub(crate) fn exclusion_reason(headers: &HeaderMap, bots: &Bots) -> Option<&'static str> {
    let agent = user_agent(headers);
    let agent = agent.trim();
    if agent.is_empty() {
        return Some("empty_agent");
    }
    if agent.to_ascii_lowercase().contains("headless") {
        return Some("headless");
    }
    if ["sec-purpose", "purpose", "x-moz"]
        .iter()
        .any(|name| is_prefetch(headers, name))
    {
        return Some("prefetch");
    }
    bots.is_bot(agent).then_some("crawler")
}

/// Returns whether this header says that a browser prefetches or prerenders.
fn is_prefetch(headers: &HeaderMap, name: &str) -> bool {
    let purpose = headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
    let purpose = purpose.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    purpose.is_some_and(|purpose| purpose.contains("prefetch") || purpose.contains("prerender"))
}

/// Returns whether a request has a privacy signal: `Sec-GPC: 1` (Global Privacy Control) or `DNT: 1`.
///
/// ```
/// use eventhorizon::http::{HeaderMap, HeaderValue};
///
/// let mut headers = HeaderMap::new();
/// assert!(!eventhorizon::has_privacy_signal(&headers));
/// headers.insert("sec-gpc", HeaderValue::from_static("1"));
/// assert!(eventhorizon::has_privacy_signal(&headers));
/// ```
#[must_use]
pub fn has_privacy_signal(headers: &HeaderMap) -> bool {
    let is_set = |name| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes().trim_ascii() == b"1")
    };
    is_set("sec-gpc") || is_set("dnt")
}

/// Returns the `User-Agent` header, lossily decoded.
pub(crate) fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map(|agent| agent.as_bytes());
    String::from_utf8_lossy(agent.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

    fn reason(fields: &[(&'static str, &str)]) -> Option<&'static str> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        exclusion_reason(&fields.collect(), &Bots::default())
    }

    #[test]
    fn browsers_are_visitors_and_programs_are_not() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.5 Mobile/15E148 Safari/604.1";
        for (agent, expected) in [
            (FIREFOX, None),
            (chrome, None),
            (iphone, None),
            ("", Some("empty_agent")),
            (" ", Some("empty_agent")),
            (
                "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0.0.0",
                Some("headless"),
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                Some("crawler"),
            ),
            ("curl/8.5.0", Some("crawler")),
        ] {
            assert_eq!(reason(&[("user-agent", agent)]), expected, "{agent}");
        }
        assert_eq!(reason(&[]), Some("empty_agent"));
    }

    #[test]
    fn a_prefetch_is_not_a_visit() {
        for (name, value) in [
            ("sec-purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("x-moz", "PreFetch"),
        ] {
            assert_eq!(
                reason(&[("user-agent", FIREFOX), (name, value)]),
                Some("prefetch"),
                "{name}"
            );
        }
        assert_eq!(reason(&[("user-agent", FIREFOX), ("sec-purpose", "x")]), None);
    }
}
