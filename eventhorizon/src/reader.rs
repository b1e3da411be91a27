//! Readers: who owns a like or a comment, by the application's name for them or a signed cookie.

use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use horizon_backend::random_bytes;
use horizon_core::{EventId, ReaderId, Result, Topic};
use http::HeaderMap;
use tokio::time::Instant;

use crate::{
    Caller, Config, Horizon, Identity, Secret,
    cookies::{HOST_COOKIE_PREFIX, cookies},
    rules::rule_deadline,
};

/// The name of the cookie up to version 0.1, equal for all sites.
const OLD_COOKIE_NAME: &str = "horizon_reader";

/// The start of the cookie's name. Eight hexadecimal digits follow, which differ for the sites of one host.
const COOKIE_NAME_START: &str = "horizon-reader-";

/// The lifetime of the cookie: one year.
const MAX_AGE: Duration = Duration::days(365);

/// The purposes of the derived keys.
const COOKIE_NAME_KEY: &str = "EventHorizon 2026 name of the reader cookie";
const COOKIE_KEY: &str = "EventHorizon 2026 reader cookie";
const IDEMPOTENCY_KEY: &str = "EventHorizon 2026 reader of a repeated request";
const NAME_KEY: &str = "EventHorizon 2026 reader with a name";

/// Derives reader ids, and reads and writes their cookies.
pub(crate) struct Readers {
    cookie_name: String,
    cookie_key: Key,
    idempotency_key: [u8; 32],
    name_key: [u8; 32],
    secure: bool,
    /// Whether the cookie is sent from pages of other sites.
    allow_cross_site: bool,
}

/// A reader, and the `Set-Cookie` header for a new one, or for one whose cookie has an old name.
pub(crate) struct IdentifiedReader {
    pub(crate) reader: ReaderId,
    /// Whether the caller had neither a name nor a valid cookie.
    pub(crate) is_new: bool,
    pub(crate) set_cookie: Option<String>,
}

/// The names of reader cookies, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NameAge {
    Current,
    /// With or without `__Host-`, from before the site changed to or from HTTPS.
    OtherPrefix,
    /// From before the site had another name, or from before names depended on the site.
    OtherSite,
}

impl Readers {
    pub(crate) fn new(secret: &Secret, config: &Config) -> Self {
        Self {
            cookie_name: cookie_name(secret, config),
            cookie_key: Key::from(&secret.key::<64>(COOKIE_KEY)),
            idempotency_key: secret.key(IDEMPOTENCY_KEY),
            name_key: secret.key(NAME_KEY),
            secure: config.secure_cookies,
            allow_cross_site: !config.origins.is_empty(),
        }
    }

    /// Returns the reader of the first cookie with a valid signature, and whether the cookie has its current name.
    ///
    /// Cookies with older names come last: without a site, without `__Host-`, or of a site with another name.
    fn reader_of_cookie(&self, headers: &HeaderMap) -> Option<(ReaderId, bool)> {
        let candidates = cookies(headers).filter_map(|(name, value)| Some((self.age(name)?, value)));
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_by_key(|(age, _)| *age);
        candidates.into_iter().find_map(|(age, value)| {
            let cookie = Cookie::new("", value.into_owned());
            let verified = CookieJar::new().signed(&self.cookie_key).verify(cookie)?;
            Some((verified.value().parse().ok()?, age == NameAge::Current))
        })
    }

    /// Returns how old the name of a reader cookie is, or `None` for other cookies.
    fn age(&self, name: &str) -> Option<NameAge> {
        if name == self.cookie_name {
            return Some(NameAge::Current);
        }
        let name = name.strip_prefix(HOST_COOKIE_PREFIX).unwrap_or(name);
        if self.cookie_name.ends_with(name) && name.starts_with(COOKIE_NAME_START) {
            return Some(NameAge::OtherPrefix);
        }
        (name.starts_with(COOKIE_NAME_START) || name == OLD_COOKIE_NAME).then_some(NameAge::OtherSite)
    }

    fn set_cookie(&self, reader: ReaderId) -> Option<String> {
        let cookie = Cookie::build((self.cookie_name.clone(), reader.to_string()))
            .http_only(true)
            .same_site(if self.allow_cross_site {
                SameSite::None
            } else {
                SameSite::Lax
            })
            .partitioned(self.allow_cross_site)
            .secure(self.secure)
            .path("/")
            .max_age(MAX_AGE)
            .build();
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.cookie_key).add(cookie);
        jar.get(&self.cookie_name).map(|signed| signed.encoded().to_string())
    }

    /// Returns the reader for an idempotency key, so that a retry is the same reader.
    fn reader_of_key(&self, key: EventId, topic: &Topic) -> ReaderId {
        hash(
            &self.idempotency_key,
            &key.as_u128().to_be_bytes(),
            topic.to_string().as_bytes(),
        )
    }

    /// Returns the id of a named reader or of the cookie, and whether the cookie has its current name.
    fn known(&self, identity: &Identity, headers: &HeaderMap) -> Option<(ReaderId, bool)> {
        match identity.name() {
            Some(name) => Some((self.reader_of_name(name), true)),
            None => self.reader_of_cookie(headers),
        }
    }

    fn reader_of_name(&self, name: &str) -> ReaderId {
        hash(&self.name_key, &[], name.as_bytes())
    }
}

/// Returns a name that differs for the sites of one host, so that they do not overwrite each other's cookies.
fn cookie_name(secret: &Secret, config: &Config) -> String {
    let hash = blake3::keyed_hash(&secret.key(COOKIE_NAME_KEY), config.site.as_bytes());
    let digits = &hash.to_hex()[..8];
    let prefix = if config.secure_cookies { HOST_COOKIE_PREFIX } else { "" };
    format!("{prefix}{COOKIE_NAME_START}{digits}")
}

/// The first part has a fixed length for each key, so that no two pairs collide.
fn hash(key: &[u8; 32], first: &[u8], second: &[u8]) -> ReaderId {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(first).update(second);
    let mut bits = [0; 16];
    hasher.finalize_xof().fill(&mut bits);
    ReaderId::from_u128(u128::from_be_bytes(bits))
}

impl Horizon {
    /// Returns the id that owns the caller's likes and comments: from the id of a [named](Identity::named) caller,
    /// otherwise from the signed cookie. Returns `None` for a caller who never liked or commented.
    ///
    /// # Errors
    /// [`Identify`](crate::Identify) failed, or did not respond within 3 seconds.
    pub async fn reader(&self, caller: &Caller) -> Result<Option<ReaderId>> {
        self.reader_until(caller, rule_deadline()).await
    }

    /// Returns what [`reader`](Self::reader) returns.
    ///
    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn reader_until(&self, caller: &Caller, deadline: Instant) -> Result<Option<ReaderId>> {
        let identity = self.0.rules.identity(caller, deadline).await?;
        Ok(self.known_reader(identity, caller))
    }

    /// Returns the id of a caller with this identity, or `None` for one who never liked or commented.
    pub(crate) fn known_reader(&self, identity: &Identity, caller: &Caller) -> Option<ReaderId> {
        Some(self.0.readers.known(identity, caller.headers())?.0)
    }

    /// Returns the id of a named caller.
    ///
    /// # Errors
    /// The rule failed, or did not respond before `deadline`.
    pub(crate) async fn named_reader(&self, caller: &Caller, deadline: Instant) -> Result<Option<ReaderId>> {
        let identity = self.0.rules.identity(caller, deadline).await?;
        Ok(identity.name().map(|name| self.0.readers.reader_of_name(name)))
    }

    /// Returns the id of a caller with this identity, or a new one.
    pub(crate) fn reader_or_new(
        &self,
        identity: &Identity,
        caller: &Caller,
        key: Option<EventId>,
        topic: &Topic,
    ) -> Result<IdentifiedReader> {
        let readers = &self.0.readers;
        if let Some((reader, is_current)) = readers.known(identity, caller.headers()) {
            let set_cookie = if is_current { None } else { readers.set_cookie(reader) };
            return Ok(IdentifiedReader {
                reader,
                is_new: false,
                set_cookie,
            });
        }
        let reader = match key {
            Some(key) => readers.reader_of_key(key, topic),
            None => ReaderId::from_u128(u128::from_be_bytes(random_bytes()?)),
        };
        Ok(IdentifiedReader {
            reader,
            is_new: true,
            set_cookie: readers.set_cookie(reader),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    const ADA: ReaderId = ReaderId::from_u128(0xaa);

    /// The cookie of [`ADA`] as version 0.1 wrote it, with the secret of [`readers`].
    const OLD_COOKIE: &str =
        "horizon_reader=YuKb0TnP04R7hNaUwdUo1LCZ39an8ZvKkkmmSvtudbc%3D000000000000000000000000000000aa";

    fn readers(secret: u8, change: impl FnOnce(&mut Config)) -> Readers {
        let mut config = Config::default();
        change(&mut config);
        Readers::new(&Secret::from_bytes([secret; 32]), &config)
    }

    fn reader_of(readers: &Readers, cookies: &str) -> Option<(ReaderId, bool)> {
        let line = HeaderValue::from_bytes(cookies.as_bytes()).unwrap();
        readers.reader_of_cookie(&HeaderMap::from_iter([(header::COOKIE, line)]))
    }

    /// Returns the name and value of the cookie that is set for a reader.
    fn cookie(readers: &Readers, reader: ReaderId) -> String {
        let cookie = readers.set_cookie(reader).unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn each_site_has_its_own_cookie() {
        let sites = [
            readers(7, |_| {}),
            readers(8, |_| {}),
            readers(7, |config| config.site = "shop".into()),
        ];
        let names = sites.each_ref().map(|site| site.cookie_name.clone());
        for name in &names {
            let digits = name.strip_prefix("horizon-reader-").unwrap();
            assert!(
                digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{name}"
            );
        }
        assert!(
            names[0] != names[1] && names[0] != names[2] && names[1] != names[2],
            "{names:?}"
        );
        assert_eq!(names[0], readers(7, |_| {}).cookie_name, "it never changes");
    }

    #[test]
    fn a_cookie_with_an_older_name_is_read_and_renewed() {
        let (http, https) = (readers(7, |_| {}), readers(7, |config| config.secure_cookies = true));
        let renamed = readers(7, |config| config.site = "shop".into());
        let current = cookie(&http, ADA);
        assert_eq!(reader_of(&http, &current), Some((ADA, true)));
        for site in [&http, &https, &renamed] {
            assert_eq!(reader_of(site, OLD_COOKIE), Some((ADA, false)));
            assert_eq!(reader_of(site, &cookie(site, ADA)), Some((ADA, true)));
        }
        assert_eq!(reader_of(&https, &current), Some((ADA, false)));
        assert_eq!(reader_of(&http, &cookie(&https, ADA)), Some((ADA, false)));
        assert_eq!(reader_of(&renamed, &current), Some((ADA, false)));
        assert_eq!(reader_of(&readers(8, |_| {}), OLD_COOKIE), None, "of another site");
    }

    #[test]
    fn a_secure_cookie_belongs_to_its_host() {
        let cookie = readers(7, |config| config.secure_cookies = true)
            .set_cookie(ADA)
            .unwrap();
        assert!(cookie.starts_with("__Host-horizon-reader-"), "{cookie}");
        assert!(
            cookie.contains("; Secure") && cookie.contains("; Path=/") && !cookie.contains("Domain"),
            "{cookie}"
        );
    }

    #[test]
    fn the_first_valid_cookie_of_the_newest_name_wins() {
        let site = readers(7, |_| {});
        let name = &site.cookie_name;
        let (ada, ben) = (cookie(&site, ADA), cookie(&site, ReaderId::from_u128(0xbb)));
        for odd in [
            "city=Zürich",
            &format!("{name}=forged"),
            &format!("{name}="),
            &format!("{name}=ü"),
            "x",
        ] {
            assert_eq!(reader_of(&site, &format!("{odd}; {ada}")), Some((ADA, true)), "{odd}");
            assert_eq!(
                reader_of(&site, &format!("{ada}; {odd}; {ben}")),
                Some((ADA, true)),
                "{odd}"
            );
        }
        let of_ben = Some((ReaderId::from_u128(0xbb), true));
        assert_eq!(reader_of(&site, &format!("{OLD_COOKIE}; __Host-{ada}; {ben}")), of_ben);
        assert_eq!(
            reader_of(&site, &format!("{name}=forged; {OLD_COOKIE}")),
            Some((ADA, false))
        );
        assert_eq!(reader_of(&site, &format!("{name}=forged; horizon_reader=forged")), None);
    }
}
