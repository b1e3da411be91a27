//! Who owns a like or a comment: a user of the application, or else a random id in a signed cookie.

use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use horizon_core::{EventId, ReaderId, Result, Topic};
use http::{HeaderMap, header};

use crate::{Caller, Config, Horizon, Identity, Secret, dice};

/// The cookie's name.
const NAME: &str = "horizon_reader";

/// How long a reader is remembered: one year.
const REMEMBERED: Duration = Duration::days(365);

/// What the keys are derived for.
const COOKIE_KEY: &str = "EventHorizon 2026 reader cookie";
const REPEAT_KEY: &str = "EventHorizon 2026 reader of a repeated request";
const NAME_KEY: &str = "EventHorizon 2026 reader with a name";

/// Knows readers by their names and cookies, and makes new ones.
pub(crate) struct Readers {
    cookies: Key,
    repeats: [u8; 32],
    names: [u8; 32],
    secure: bool,
    /// Whether pages of other sites may know them too.
    abroad: bool,
}

/// A reader, and the `Set-Cookie` by which they are known from now on, if that is new.
pub(crate) struct Known {
    pub(crate) reader: ReaderId,
    pub(crate) set_cookie: Option<String>,
}

impl Readers {
    pub(crate) fn new(secret: &Secret, config: &Config) -> Self {
        Self {
            cookies: Key::from(&secret.key::<64>(COOKIE_KEY)),
            repeats: secret.key(REPEAT_KEY),
            names: secret.key(NAME_KEY),
            secure: config.secure_cookies,
            abroad: !config.origins.is_empty(),
        }
    }

    /// The reader of a signed cookie. One that was tampered with is as good as none.
    fn of_cookie(&self, headers: &HeaderMap) -> Option<ReaderId> {
        let lines = headers.get_all(header::COOKIE).iter();
        let cookies = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| Cookie::split_parse_encoded(line.to_owned()));
        let mut jar = CookieJar::new();
        for cookie in cookies.flatten().filter(|cookie| cookie.name() == NAME) {
            jar.add_original(cookie);
        }
        jar.signed(&self.cookies).get(NAME)?.value().parse().ok()
    }

    fn cookie(&self, reader: ReaderId) -> Option<String> {
        let cookie = Cookie::build((NAME, reader.to_string()))
            .http_only(true)
            .same_site(if self.abroad { SameSite::None } else { SameSite::Lax })
            .partitioned(self.abroad)
            .secure(self.secure)
            .path("/")
            .max_age(REMEMBERED)
            .build();
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.cookies).add(cookie);
        jar.get(NAME).map(|signed| signed.encoded().to_string())
    }

    /// The reader of a request that is told apart by a key only its sender knows: whoever sends it
    /// again because the answer was lost is the same reader, not a second one.
    fn of_repeat(&self, key: EventId, topic: &Topic) -> ReaderId {
        hash(
            &self.repeats,
            &key.as_u128().to_be_bytes(),
            topic.to_string().as_bytes(),
        )
    }

    fn of_name(&self, name: &str) -> ReaderId {
        hash(&self.names, &[], name.as_bytes())
    }
}

/// The first field has one length for all, so that no two pairs read the same.
fn hash(key: &[u8; 32], first: &[u8], second: &[u8]) -> ReaderId {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(first).update(second);
    let mut bits = [0; 16];
    hasher.finalize_xof().fill(&mut bits);
    ReaderId::from_u128(u128::from_be_bytes(bits))
}

impl Horizon {
    /// Who owns the likes and comments of this caller: nobody yet, if they never liked or wrote anything. Someone who
    /// is [`Named`](Identity::Named) always does, everybody else by their cookie, which has to be signed with the
    /// site's secret.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let agent = ("user-agent", "Firefox");
    /// let stranger = horizon.caller([192, 0, 2, 1].into(), [agent]);
    /// assert_eq!(horizon.reader(&stranger), None);
    /// let liked = horizon.like(&horizon.page("bread")?, true, None, &stranger).await?;
    /// let cookie = liked.set_cookie.unwrap();
    /// let known = horizon.caller([192, 0, 2, 1].into(), [agent, ("cookie", cookie.split(';').next().unwrap())]);
    /// assert!(horizon.reader(&known).is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reader(&self, caller: &Caller) -> Option<ReaderId> {
        let readers = &self.0.readers;
        match self.0.rules.identify.identify(caller) {
            Identity::Named(name) => Some(readers.of_name(&name)),
            _ => readers.of_cookie(caller.headers()),
        }
    }

    /// The same, and one who comes for the first time becomes a reader.
    pub(crate) fn reader_or_new(&self, caller: &Caller, key: Option<EventId>, topic: &Topic) -> Result<Known> {
        let readers = &self.0.readers;
        if let Some(reader) = self.reader(caller) {
            return Ok(Known {
                reader,
                set_cookie: None,
            });
        }
        let reader = match key {
            Some(key) => readers.of_repeat(key, topic),
            None => ReaderId::from_u128(u128::from_be_bytes(dice::random()?)),
        };
        Ok(Known {
            reader,
            set_cookie: readers.cookie(reader),
        })
    }
}
