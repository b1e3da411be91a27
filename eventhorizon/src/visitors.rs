//! Who counts as one person today, and who counts as nobody.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use horizon_core::{Day, Error, Result, SaltStore, Timestamp, VisitorKey};
use http::{HeaderMap, header};
use isbot::Bots;
use tokio::time::timeout;

use crate::{
    attendance::VisitorIdentity,
    dice::{self, Clock},
};

/// How long before midnight (UTC) the salt of the next day is read: one hour. So no reader waits for it at midnight.
const READ_AHEAD: Duration = Duration::from_secs(3_600);

/// How long the start and the housekeeping wait for salts: one second. Readers are served without them, too.
const SALT_WAIT: Duration = Duration::from_secs(1);

/// Derives visitor keys under the salt of the day, which is read ahead.
pub(crate) struct Visitors {
    salts: Arc<dyn SaltStore>,
    site: String,
    clock: Clock,
    /// The salts of today and tomorrow, as far as they were read.
    known: Mutex<BTreeMap<Day, [u8; 32]>>,
}

impl Visitors {
    pub(crate) fn new(salts: Arc<dyn SaltStore>, site: String, clock: Clock) -> Self {
        Self {
            salts,
            site,
            clock,
            known: Mutex::default(),
        }
    }

    /// Returns the key under which this reader counts today; nothing for one who is not to be known again.
    pub(crate) async fn find(&self, who: &VisitorIdentity) -> Result<Option<VisitorKey>> {
        let today = || self.salt(self.clock.now());
        Ok(match who {
            VisitorIdentity::Known { address, user_agent } => {
                Some(VisitorKey::derive(&today().await?, &self.site, *address, user_agent))
            }
            VisitorIdentity::Named(name) => Some(VisitorKey::named(&today().await?, &self.site, name)),
            VisitorIdentity::Unnamed { .. } => None,
        })
    }

    /// Reads today's salt, and in the last hour of the day tomorrow's, unless they are known.
    ///
    /// # Errors
    /// Those of the store, or it did not answer within a second.
    pub(crate) async fn read_ahead(&self) -> Result<()> {
        let now = self.clock.now();
        self.known().retain(|day, _| *day >= now.day());
        let read = async {
            self.salt(now).await?;
            self.salt(now.plus(READ_AHEAD)).await.map(drop)
        };
        timeout(SALT_WAIT, read).await.unwrap_or_else(|late| {
            Err(Error::unavailable("the salt of the day did not come in time").with_source(late))
        })
    }

    /// Returns the salt of the day of this moment.
    async fn salt(&self, at: Timestamp) -> Result<[u8; 32]> {
        let day = at.day();
        if let Some(salt) = self.known().get(&day) {
            return Ok(*salt);
        }
        // Making the salt of a wrong day would erase those of the right one.
        if !self.clock.is_known() {
            return Err(Error::unavailable("the day is not known before Redis told the time"));
        }
        let salt = self.salts.salt(day, dice::random()?).await?;
        let mut known = self.known();
        let today = self.clock.now().day();
        known.retain(|day, _| *day >= today);
        known.insert(day, salt);
        Ok(salt)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Day, [u8; 32]>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Visitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitors")
    }
}

/// Why a request is nobody's visit; nothing if a reader seems to be behind it.
pub(crate) fn not_a_reader(headers: &HeaderMap, bots: &Bots) -> Option<&'static str> {
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
        .any(|name| is_ahead_of_time(headers, name))
    {
        return Some("prefetch");
    }
    bots.is_bot(agent).then_some("crawler")
}

/// Whether a browser fetches what its reader has not asked for yet.
fn is_ahead_of_time(headers: &HeaderMap, name: &str) -> bool {
    let purpose = headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
    let purpose = purpose.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    purpose.is_some_and(|purpose| purpose.contains("prefetch") || purpose.contains("prerender"))
}

/// Whether the reader's browser asks not to be followed: `Sec-GPC: 1` (Global Privacy Control) or `DNT: 1`.
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
    let says_yes = |name| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes().trim_ascii() == b"1")
    };
    says_yes("sec-gpc") || says_yes("dnt")
}

/// What the client calls itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).map(|agent| agent.as_bytes());
    String::from_utf8_lossy(agent.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

    fn verdict(fields: &[(&'static str, &str)]) -> Option<&'static str> {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        not_a_reader(&fields.collect(), &Bots::default())
    }

    #[test]
    fn a_browser_is_a_reader_and_a_machine_is_not() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
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
            assert_eq!(verdict(&[("user-agent", agent)]), expected, "{agent}");
        }
        assert_eq!(verdict(&[]), Some("empty_agent"));
    }

    #[test]
    fn what_is_fetched_ahead_of_time_is_no_visit() {
        for (name, value) in [
            ("sec-purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("x-moz", "PreFetch"),
        ] {
            assert_eq!(
                verdict(&[("user-agent", FIREFOX), (name, value)]),
                Some("prefetch"),
                "{name}"
            );
        }
        assert_eq!(verdict(&[("user-agent", FIREFOX), ("sec-purpose", "x")]), None);
    }
}
