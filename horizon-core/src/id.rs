use std::{fmt, net::IpAddr, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::Timestamp;

/// The text is not an id.
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
            /// Returns the id with these 128 bits.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// Returns the id's 128 bits.
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
    /// Identifies an event: a retry has the same id and counts once. A comment has the id of its event.
    ///
    /// ```
    /// use horizon_core::{EventId, Timestamp};
    ///
    /// let id = EventId::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    /// assert_eq!(id.to_string().parse(), Ok(id));
    /// ```
    EventId
}

id! {
    /// Identifies a visitor for one day: a keyed hash that cannot be reversed to an address.
    ///
    /// See [`VisitorKey::derive`]. The salt changes every day, so the keys of two days cannot be linked.
    VisitorKey
}

id! {
    /// Identifies the owner of likes and comments: a random id in a signed cookie, unrelated to [`VisitorKey`].
    ReaderId
}

/// Parses an id without copying the text: each event has up to three.
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

/// Returns the 32 hexadecimal digits.
fn digits(bits: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bits.to_be_bytes()) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
            *digit = if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
        }
    }
    digits
}

fn parse(text: &str) -> Result<u128, ParseIdError> {
    let mut bits = 0;
    let mut digits = 0;
    for (index, &byte) in text.as_bytes().iter().enumerate() {
        if byte == b'-' && text.len() == 36 && matches!(index, 8 | 13 | 18 | 23) {
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
    /// Returns a UUID of version 7 (RFC 9562 §5.7): `at` in the first 48 bits, then `random`.
    ///
    /// Ids sort by time, which keeps an index over them dense.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u128::from(u64::try_from(at.as_millis()).unwrap_or(0) & 0xffff_ffff_ffff);
        let mut bytes = [0; 16];
        bytes[6..].copy_from_slice(&random);
        let tail = u128::from_be_bytes(bytes) & 0x0fff_3fff_ffff_ffff_ffff;
        Self(millis << 80 | 7 << 76 | 0b10 << 62 | tail)
    }
}

impl EventId {
    /// Returns the time in a UUID of version 7, or `None` for another id.
    ///
    /// ```
    /// use horizon_core::{EventId, Timestamp};
    ///
    /// let at = Timestamp::from_millis(1_800_000_000_000);
    /// assert_eq!(EventId::new(at, [7; 10]).timestamp(), Some(at));
    /// assert_eq!(EventId::from_u128(7).timestamp(), None);
    /// ```
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        let is_version_7 = self.0 >> 76 & 0xf == 7 && self.0 >> 62 & 0b11 == 0b10;
        let millis = i64::try_from(self.0 >> 80).ok()?;
        is_version_7.then_some(Timestamp::from_millis(millis))
    }
}

impl VisitorKey {
    /// Hashes what distinguishes visitors, with a `salt` that changes every day.
    ///
    /// BLAKE3 in keyed mode over site, network and user agent, each preceded by its length, so that no two different
    /// triples have the same input. The network is the whole IPv4 address or the /64 prefix of an IPv6 address,
    /// because devices change the rest.
    ///
    /// ```
    /// use horizon_core::VisitorKey;
    ///
    /// let key = |salt, address: &str| {
    ///     VisitorKey::derive(&[salt; 32], "example.org", address.parse().unwrap(), "Firefox")
    /// };
    /// assert_eq!(key(1, "2001:db8::1"), key(1, "2001:db8::2")); // the same /64
    /// assert_ne!(key(1, "192.0.2.1"), key(1, "192.0.2.2"));
    /// assert_ne!(key(1, "192.0.2.1"), key(2, "192.0.2.1")); // another day
    /// ```
    #[must_use]
    pub fn derive(salt: &[u8; 32], site: &str, address: IpAddr, user_agent: &str) -> Self {
        match network_of(address) {
            IpAddr::V4(v4) => Self::hash(salt, [site.as_bytes(), &v4.octets(), user_agent.as_bytes()]),
            IpAddr::V6(v6) => Self::hash(salt, [site.as_bytes(), &v6.octets()[..8], user_agent.as_bytes()]),
        }
    }

    /// Hashes a visitor whom the site identifies by a name, whatever their network.
    ///
    /// The network is empty here, so the key never equals one from [`derive`](Self::derive).
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

/// The time and id of a new event.
///
/// Core has no clock and no randomness, so the caller supplies both. Stamps are ordered by time, then by id.
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
    /// Returns the stamp of an event at `at`. The random bytes make its id unique.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self {
            at,
            id: EventId::new(at, random),
        }
    }
}

/// Returns the network of a client: the whole IPv4 address, or the /64 of an IPv6 address.
///
/// ```
/// use horizon_core::network_of;
///
/// let network = |address: &str| network_of(address.parse().unwrap());
/// assert_eq!(network("2001:db8::1"), network("2001:db8::2"));
/// assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
/// ```
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The number of networks whose limits an IPv6 /48 has: 4. A /48, the usual prefix of a site (RFC 6177), has 65,536
/// networks of /64.
pub const PREFIX_FACTOR: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// Returns the first address of the IPv6 /48 around an address, or `None` for an IPv4 address.
///
/// ```
/// use horizon_core::network_prefix_of;
///
/// let prefix = |address: &str| network_prefix_of(address.parse().unwrap());
/// assert_eq!(prefix("2001:db8:0:1::1"), prefix("2001:db8::2"));
/// assert_ne!(prefix("2001:db8:1::1"), prefix("2001:db8::1"));
/// assert_eq!(prefix("::ffff:192.0.2.1"), None);
/// ```
#[must_use]
pub fn network_prefix_of(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V6(v6) => Some(IpAddr::V6((u128::from(v6) >> 80 << 80).into())),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_parsed_with_and_without_hyphens() {
        let id = EventId::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01890a5d-ac96-774b-bcce-b302099a8057".parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_not_ids() {
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
    fn a_visitor_key_depends_on_site_network_and_user_agent() {
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
