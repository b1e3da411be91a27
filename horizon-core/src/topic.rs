use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Slug, SlugError};

/// What an event is about: the site or one page. As text `site` or `blog:{slug}`.
///
/// ```
/// use horizon_core::{Slug, Topic};
///
/// let page = Topic::from(Slug::new("hello")?);
/// assert_eq!(page.to_string(), "blog:hello");
/// assert_eq!("site".parse::<Topic>()?, Topic::Site);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Topic {
    /// The whole site.
    Site,
    /// One page.
    Page(Slug),
}

/// Why a text is not a [`Topic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTopicError {
    /// The text is neither `site` nor `blog:…`.
    #[error("a topic is `site` or `blog:` and a slug")]
    Unknown,
    /// The text after `blog:` is not a slug.
    #[error(transparent)]
    Slug(#[from] SlugError),
}

impl Topic {
    /// Returns the slug of a page, `None` for the site.
    #[must_use]
    pub fn slug(&self) -> Option<&Slug> {
        match self {
            Self::Site => None,
            Self::Page(slug) => Some(slug),
        }
    }
}

impl From<Slug> for Topic {
    fn from(slug: Slug) -> Self {
        Self::Page(slug)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site => f.write_str("site"),
            Self::Page(slug) => write!(f, "blog:{slug}"),
        }
    }
}

impl FromStr for Topic {
    type Err = ParseTopicError;
    fn from_str(text: &str) -> Result<Self, ParseTopicError> {
        match text.split_once(':') {
            None if text == "site" => Ok(Self::Site),
            Some(("blog", slug)) => Ok(Self::Page(Slug::new(slug)?)),
            _ => Err(ParseTopicError::Unknown),
        }
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TopicVisitor)
    }
}

struct TopicVisitor;

impl de::Visitor<'_> for TopicVisitor {
    type Value = Topic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ParseTopicError::Unknown, f)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Topic, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_round_trips_as_text() {
        for topic in [Topic::Site, Topic::Page(Slug::new("hello").unwrap())] {
            assert_eq!(topic.to_string().parse::<Topic>().unwrap(), topic);
        }
    }

    #[test]
    fn other_texts_are_not_topics() {
        assert_eq!("blogs:hello".parse::<Topic>(), Err(ParseTopicError::Unknown));
        assert_eq!("site:hello".parse::<Topic>(), Err(ParseTopicError::Unknown));
        assert_eq!("blog:".parse::<Topic>(), Err(ParseTopicError::Slug(SlugError::Empty)));
    }
}
