use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::Timestamp;

/// Why a text is no id.
///
/// ```
/// use horizon_core::EventId;
///
/// let error = "not an id".parse::<EventId>().unwrap_err();
/// assert!(error.to_string().contains("32 hexadecimal digits"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 hexadecimal digits, with or without the hyphens of a UUID")]
#[non_exhaustive]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// The id with these 128 bits.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// The id's 128 bits.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let digits = digits(self.0);
                serializer.serialize_str(std::str::from_utf8(&digits).map_err(ser::Error::custom)?)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdVisitor).map(Self)
            }
        }
    };
}

id! {
    /// Names one event for good: a retry carries the same id, and is counted once.
    ///
    /// A comment is known by the id of the event that brought it.
    ///
    /// ```
    /// use horizon_core::{EventId, Timestamp};
    ///
    /// let id = EventId::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    /// assert_eq!(id.to_string().len(), 32);
    /// assert_eq!(id.to_string().parse(), Ok(id));
    /// ```
    EventId
}

id! {
    /// Who counts as one person today: a keyed hash that nobody can turn back into an address.
    ///
    /// See [`VisitorKey::derive`]. Its salt changes every day, so it says nothing about yesterday.
    ///
    /// ```
    /// use horizon_core::VisitorKey;
    ///
    /// let key: VisitorKey = "9f000000-0000-0000-0000-000000000001".parse()?;
    /// assert_eq!(key.as_u128(), 0x9f00_0000_0000_0000_0000_0000_0000_0001);
    /// # Ok::<(), horizon_core::ParseIdError>(())
    /// ```
    VisitorKey
}

id! {
    /// Who owns a like or a comment: a random id in a signed cookie, unrelated to [`VisitorKey`].
    ///
    /// ```
    /// use horizon_core::ReaderId;
    ///
    /// let random = [7; 16]; // from your source of randomness
    /// let reader = ReaderId::from_u128(u128::from_be_bytes(random));
    /// assert_eq!(serde_json::to_string(&reader)?, format!("\"{reader}\""));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ReaderId
}

/// Reads an id from a text without copying it: every event that passes brings three.
struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ParseIdError, f)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u128, E> {
        parse(text).map_err(E::custom)
    }
}

/// The 32 hexadecimal digits.
fn digits(bits: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bits.to_be_bytes()) {
        for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
            *digit = if half < 10 { b'0' + half } else { b'a' - 10 + half };
        }
    }
    digits
}

fn parse(text: &str) -> Result<u128, ParseIdError> {
    let mut bits = 0;
    let mut digits = 0;
    for (place, &byte) in text.as_bytes().iter().enumerate() {
        if byte == b'-' && text.len() == 36 && matches!(place, 8 | 13 | 18 | 23) {
            continue;
        }
        let digit = char::from(byte).to_digit(16).ok_or(ParseIdError)?;
        digits += 1;
        if digits > 32 {
            return Err(ParseIdError);
        }
        bits = bits << 4 | u128::from(digit);
    }
    if digits == 32 { Ok(bits) } else { Err(ParseIdError) }
}

impl EventId {
    /// A UUID of version 7 (RFC 9562 §5.7): `at` in the leading 48 bits, `random` behind it.
    ///
    /// Ids of later moments sort behind those of earlier ones, which keeps an index over them dense.
    ///
    /// ```
    /// use horizon_core::{EventId, Timestamp};
    ///
    /// let earlier = EventId::new(Timestamp::from_millis(1), [0xff; 10]);
    /// let later = EventId::new(Timestamp::from_millis(2), [0; 10]);
    /// assert!(earlier < later);
    /// ```
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u128::from(u64::try_from(at.as_millis()).unwrap_or(0) & 0xffff_ffff_ffff);
        let mut bytes = [0; 16];
        bytes[6..].copy_from_slice(&random);
        let tail = u128::from_be_bytes(bytes) & 0x0fff_3fff_ffff_ffff_ffff;
        Self(millis << 80 | 7 << 76 | 0b10 << 62 | tail)
    }
}

impl VisitorKey {
    /// Hashes what tells visitors apart, under a `salt` that changes every day.
    ///
    /// BLAKE3 in keyed mode over site, network and user agent, each behind its length, so that no two
    /// different triples read the same. An IPv4 address counts whole, an IPv6 address by its /64
    /// network, because the rest is for the device to change as it likes.
    ///
    /// ```
    /// use horizon_core::VisitorKey;
    ///
    /// let key = |salt, address: &str| {
    ///     VisitorKey::derive(&[salt; 32], "example.org", address.parse().unwrap(), "Firefox")
    /// };
    /// assert_eq!(key(1, "2001:db8::1"), key(1, "2001:db8::2")); // one network, one person
    /// assert_ne!(key(1, "192.0.2.1"), key(1, "192.0.2.2"));
    /// assert_ne!(key(1, "192.0.2.1"), key(2, "192.0.2.1")); // tomorrow nobody knows them
    /// ```
    #[must_use]
    pub fn derive(salt: &[u8; 32], site: &str, address: IpAddr, user_agent: &str) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::hash(salt, [site.as_bytes(), &v4.octets(), user_agent.as_bytes()]),
            IpAddr::V6(v6) => Self::hash(salt, [site.as_bytes(), &v6.octets()[..8], user_agent.as_bytes()]),
        }
    }

    /// The same for somebody whom the site knows by a name of its own, wherever they come from.
    ///
    /// Where the others have a network, a name has nothing, and so it is never mistaken for one of them.
    #[must_use]
    pub fn named(salt: &[u8; 32], site: &str, name: &str) -> Self {
        Self::hash(salt, [site.as_bytes(), &[], name.as_bytes()])
    }

    fn hash(salt: &[u8; 32], fields: [&[u8]; 3]) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(salt);
        for field in fields {
            hasher.update(&(field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        let mut bits = [0; 16];
        hasher.finalize_xof().fill(&mut bits);
        Self(u128::from_be_bytes(bits))
    }
}

/// The birth of an event: its id and its time, minted where it happens.
///
/// Core has no clock and no dice, so whoever tracks an event brings both. Of two stamps the greater one
/// is the later: by time, and within a millisecond by id.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use horizon_core::{Stamp, Timestamp};
///
/// let since = SystemTime::UNIX_EPOCH.elapsed()?;
/// let now = Timestamp::from_millis(i64::try_from(since.as_millis())?);
/// let stamp = Stamp::new(now, [7; 10]); // ten random bytes
/// assert!(stamp < Stamp::new(now.plus(Duration::from_millis(1)), [0; 10]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// When it happened.
    pub at: Timestamp,
    /// The event's id.
    pub id: EventId,
}

impl Stamp {
    /// A stamp for something that happens at `at`; `random` keeps it apart from all others.
    ///
    /// ```
    /// use horizon_core::{EventId, Stamp, Timestamp};
    ///
    /// let at = Timestamp::from_millis(1_800_000_000_000);
    /// assert_eq!(Stamp::new(at, [7; 10]), Stamp { at, id: EventId::new(at, [7; 10]) });
    /// ```
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self {
            at,
            id: EventId::new(at, random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_with_and_without_hyphens() {
        let id = EventId::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01890a5d-ac96-774b-bcce-b302099a8057".parse(), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = "0".repeat(33);
        for bad in [
            "",
            "12",
            long.as_str(),
            "zz890a5dac96774bbcceb302099a8057",
            "01890a5d-ac96774bbcceb302099a8057----",
        ] {
            assert_eq!(bad.parse::<EventId>(), Err(ParseIdError), "{bad:?}");
        }
    }

    #[test]
    fn an_event_id_is_a_version_7_uuid_that_sorts_by_time() {
        let id = EventId::new(Timestamp::from_millis(0x017f_22e2_79b0), [0xff; 10]);
        assert_eq!(id.to_string(), "017f22e279b07fffbfffffffffffffff");
        assert!(EventId::new(Timestamp::from_millis(1), [0xff; 10]) < EventId::new(Timestamp::from_millis(2), [0; 10]));
    }

    #[test]
    fn a_visitor_is_the_same_person_within_a_network_and_only_there() {
        let key = |site, ip: &str, agent| VisitorKey::derive(&[7; 32], site, ip.parse().unwrap(), agent);
        let me = key("site", "192.0.2.1", "browser");
        assert_eq!(me, key("site", "::ffff:192.0.2.1", "browser"));
        assert_eq!(key("site", "2001:db8::1", "b"), key("site", "2001:db8::ffff", "b"));
        assert_ne!(key("site", "2001:db8::1", "b"), key("site", "2001:db8:0:1::1", "b"));
        for other in [
            key("other", "192.0.2.1", "browser"),
            key("site", "192.0.2.2", "browser"),
            key("site", "192.0.2.1", "browse"),
        ] {
            assert_ne!(me, other);
        }
        assert_eq!(
            VisitorKey::named(&[7; 32], "site", "ada"),
            VisitorKey::named(&[7; 32], "site", "ada")
        );
        assert_ne!(
            VisitorKey::named(&[7; 32], "site", "ada"),
            VisitorKey::named(&[7; 32], "site", "ben")
        );
        assert_ne!(me, VisitorKey::named(&[7; 32], "site", "browser"));
        assert_ne!(
            me,
            VisitorKey::derive(&[8; 32], "site", "192.0.2.1".parse().unwrap(), "browser")
        );
    }
}
