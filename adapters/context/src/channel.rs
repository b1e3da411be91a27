//! The kind of a source.

/// The mediums of paid traffic, besides those that [`Channel::of_medium`] recognizes by their form.
const PAID: [&str; 7] = [
    "ppc",
    "ads",
    "display",
    "banner",
    "retargeting",
    "remarketing",
    "sponsored",
];
const MAIL: [&str; 6] = ["email", "e-mail", "e_mail", "mail", "newsletter", "mailing"];
const SOCIAL: [&str; 6] = [
    "social",
    "social-network",
    "social-media",
    "social_media",
    "social network",
    "sm",
];
const SEARCH: [&str; 2] = ["organic", "search"];

/// The channel of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Direct,
    Search,
    Social,
    Mail,
    Ai,
    Paid,
    Other,
}

impl Channel {
    /// Returns the channel with this name in the table of sources. A name that is not there is [`Other`](Self::Other).
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "search" => Self::Search,
            "social" => Self::Social,
            "mail" => Self::Mail,
            "ai" => Self::Ai,
            "paid" => Self::Paid,
            _ => Self::Other,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Search => "search",
            Self::Social => "social",
            Self::Mail => "mail",
            Self::Ai => "ai",
            Self::Paid => "paid",
            Self::Other => "other",
        }
    }

    /// Returns the channel of a session. `source` is that of the source, if there is one.
    pub(crate) fn of(medium: Option<&str>, source: Option<Self>) -> Self {
        let without_medium = || match (source, medium) {
            (Some(channel), _) => channel,
            (None, Some(_)) => Self::Other,
            (None, None) => Self::Direct,
        };
        medium.and_then(Self::of_medium).unwrap_or_else(without_medium)
    }

    /// Returns the channel that a value of `utm_medium` in lower case states, if it is a common one. Paid mediums are
    /// those of the default channel group of Google Analytics (`cpc`, `cpm` and the like, `paid…`), and some more.
    fn of_medium(medium: &str) -> Option<Self> {
        let is_cost_per = medium.len() == 3 && medium.starts_with("cp");
        if is_cost_per || medium.starts_with("paid") || PAID.contains(&medium) {
            Some(Self::Paid)
        } else if MAIL.contains(&medium) {
            Some(Self::Mail)
        } else if SOCIAL.contains(&medium) {
            Some(Self::Social)
        } else if SEARCH.contains(&medium) {
            Some(Self::Search)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_medium_decides_and_otherwise_the_source() {
        for (medium, source, expected) in [
            (None, None, Channel::Direct),
            (None, Some(Channel::Ai), Channel::Ai),
            (Some("cpc"), Some(Channel::Search), Channel::Paid),
            (Some("paid_social"), Some(Channel::Social), Channel::Paid),
            (Some("email"), Some(Channel::Other), Channel::Mail),
            (Some("social"), None, Channel::Social),
            (Some("organic"), None, Channel::Search),
            (Some("referral"), Some(Channel::Search), Channel::Search),
            (Some("qr"), None, Channel::Other),
        ] {
            assert_eq!(Channel::of(medium, source), expected, "{medium:?} {source:?}");
        }
    }

    #[test]
    fn the_table_contains_the_names_of_channels() {
        for channel in [
            Channel::Search,
            Channel::Social,
            Channel::Mail,
            Channel::Ai,
            Channel::Paid,
            Channel::Other,
        ] {
            assert_eq!(Channel::from_name(channel.as_str()), channel);
        }
    }
}
