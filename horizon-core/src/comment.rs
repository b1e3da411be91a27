use serde::{Deserialize, Serialize};

use crate::{EventId, ReaderId, Slug, Timestamp};

/// The longest comment, in Unicode scalar values (what Rust calls `char`).
///
/// ```
/// use horizon_core::{Draft, MAX_BODY_CHARS};
///
/// assert!(Draft::new("Ada", &"é".repeat(MAX_BODY_CHARS), None).is_ok());
/// assert!(Draft::new("Ada", &"é".repeat(MAX_BODY_CHARS + 1), None).is_err());
/// ```
pub const MAX_BODY_CHARS: usize = 2_000;

/// The longest name of a comment's author, in Unicode scalar values.
///
/// ```
/// use horizon_core::{Draft, MAX_AUTHOR_CHARS};
///
/// let long = "é".repeat(MAX_AUTHOR_CHARS + 1);
/// assert_eq!(Draft::new(&long, "Hello", None).unwrap_err().field, "author");
/// ```
pub const MAX_AUTHOR_CHARS: usize = 80;

/// The most replies that one comment takes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{CommentStore, EventId, MAX_REPLIES};
/// use horizon_memory::MemoryStats;
///
/// let parent = EventId::from_u128(1);
/// let takes_more = MemoryStats::new().reply_count(parent).await? < MAX_REPLIES;
/// assert!(takes_more); // ask before an answer goes into the pipe
/// # Ok(())
/// # }
/// ```
pub const MAX_REPLIES: usize = 200;

/// What a reader wrote, checked: the text of a comment before it is one.
///
/// ```
/// use horizon_core::Draft;
///
/// let draft = Draft::new("  Ada ", "one\r\ntwo\n", None)?;
/// assert_eq!((draft.author(), draft.body()), ("Ada", "one\ntwo"));
/// assert!(serde_json::from_str::<Draft>(r#"{"body":" "}"#).is_err()); // checked here too
/// # Ok::<(), horizon_core::DraftError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawDraft")]
pub struct Draft {
    author: String,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<EventId>,
}

#[derive(Deserialize)]
struct RawDraft {
    #[serde(default)]
    author: String,
    body: String,
    #[serde(default)]
    parent: Option<EventId>,
}

/// Which field of a [`Draft`] is wrong, and why.
///
/// ```
/// use horizon_core::Draft;
///
/// let invalid = Draft::new("Ada", "", None).unwrap_err();
/// assert_eq!(invalid.field, "body");
/// assert_eq!(invalid.to_string(), "`body` must not be empty");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
#[non_exhaustive]
pub struct DraftError {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with it, as the rest of a sentence that starts with its name.
    pub reason: String,
}

impl Draft {
    /// Checks what a reader wrote. White space around it is dropped, line ends become `\n`.
    ///
    /// ```
    /// use horizon_core::{Draft, EventId};
    ///
    /// let parent = EventId::from_u128(1);
    /// let answer = Draft::new("", "I agree.", Some(parent))?;
    /// assert_eq!(answer.parent(), Some(parent));
    /// assert!(Draft::new("Ada", "a\0b", None).is_err());
    /// # Ok::<(), horizon_core::DraftError>(())
    /// ```
    ///
    /// # Errors
    /// [`DraftError`] names the field: an empty or too long body, a too long author, a control character
    /// in either (a body may have tabs and line ends).
    pub fn new(author: &str, body: &str, parent: Option<EventId>) -> Result<Self, DraftError> {
        let author = author.trim();
        let body = body.replace("\r\n", "\n").replace('\r', "\n");
        let body = body.trim();
        if body.is_empty() {
            return Err(DraftError {
                field: "body",
                reason: "must not be empty".into(),
            });
        }
        check("body", body, MAX_BODY_CHARS, |c| {
            c.is_control() && c != '\n' && c != '\t'
        })?;
        check("author", author, MAX_AUTHOR_CHARS, char::is_control)?;
        Ok(Self {
            author: author.into(),
            body: body.into(),
            parent,
        })
    }

    /// The name the reader gave, empty for none.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// The text as it was typed. It is hostile until shown otherwise: escape or sanitise it.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The comment that this one answers.
    #[must_use]
    pub fn parent(&self) -> Option<EventId> {
        self.parent
    }
}

fn check(field: &'static str, text: &str, most: usize, forbidden: impl Fn(char) -> bool) -> Result<(), DraftError> {
    let length = text.chars().count();
    if length > most {
        return Err(DraftError {
            field,
            reason: format!("has {length} characters, at most {most} are taken"),
        });
    }
    match text.chars().find(|&c| forbidden(c)) {
        Some(c) => Err(DraftError {
            field,
            reason: format!("must not hold the control character U+{:04X}", u32::from(c)),
        }),
        None => Ok(()),
    }
}

impl TryFrom<RawDraft> for Draft {
    type Error = DraftError;
    fn try_from(raw: RawDraft) -> Result<Self, DraftError> {
        Self::new(&raw.author, &raw.body, raw.parent)
    }
}

/// Whether readers see a comment.
///
/// ```
/// use horizon_core::Visibility;
/// assert_eq!(serde_json::to_string(&Visibility::Removed)?, r#""removed""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Visibility {
    /// Everyone sees it.
    Shown,
    /// It waits for the author.
    #[serde(rename = "waiting")]
    Pending,
    /// The author took it down.
    Removed,
}

impl Visibility {
    /// Returns the word on the wire and in stores: `shown`, `waiting` or `removed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Pending => "waiting",
            Self::Removed => "removed",
        }
    }
}

/// A comment as it is stored.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::num::NonZeroUsize;
/// # use horizon_core::{CommentStore, Draft, Event, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp};
/// # use horizon_memory::MemoryStats;
/// # let (slug, store) = (Slug::new("hello")?, MemoryStats::new());
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
/// let (reader, draft) = (ReaderId::from_u128(7), Draft::new("Ada", "Hello", None)?);
/// let kind = EventKind::Comment { reader, draft, pending: false };
/// store.apply(&[Event::new(stamp, slug.clone().into(), kind)]).await?;
///
/// let comment = store.comment(stamp.id).await?.ok_or("it was just written")?;
/// assert_eq!((comment.author.as_str(), comment.body.as_str()), ("Ada", "Hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comment {
    /// The id of the event that brought it.
    pub id: EventId,
    /// The page it stands on.
    pub slug: Slug,
    /// The comment that it answers, always a top-level one of the same page.
    pub parent: Option<EventId>,
    /// Who owns it.
    pub reader: ReaderId,
    /// The name the reader gave, empty for none.
    pub author: String,
    /// The text as it was typed.
    pub body: String,
    /// When it was written.
    pub at: Timestamp,
    /// Whether readers see it.
    pub visibility: Visibility,
}

impl Comment {
    /// Returns a shown top-level comment without author and body, which the caller sets.
    #[must_use]
    pub const fn new(id: EventId, slug: Slug, reader: ReaderId, at: Timestamp) -> Self {
        Self {
            id,
            slug,
            parent: None,
            reader,
            author: String::new(),
            body: String::new(),
            at,
            visibility: Visibility::Shown,
        }
    }
}

/// A top-level comment and what was answered, both oldest first.
///
/// A comment that waits or was removed is the head of its thread for as long as replies to it show, with
/// an empty author and body.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::num::NonZeroUsize;
/// # use horizon_core::{CommentStore, Draft, Event, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp};
/// # use horizon_memory::MemoryStats;
/// # let (slug, store) = (Slug::new("hello")?, MemoryStats::new());
/// # let mut say = async |second: i64, parent| -> Result<_, Box<dyn std::error::Error>> {
/// #     let stamp = Stamp::new(Timestamp::from_millis(second * 1000), [1; 10]);
/// #     let draft = Draft::new("Ada", "Hello", parent)?;
/// #     let kind = EventKind::Comment { reader: ReaderId::from_u128(7), draft, pending: false };
/// #     store.apply(&[Event::new(stamp, slug.clone().into(), kind)]).await?;
/// #     Ok(stamp.id)
/// # };
/// let first = say(1, None).await?; // writes a comment, answers its id
/// let reply = say(2, Some(first)).await?;
/// let threads = store.threads(&slug, None, NonZeroUsize::MIN).await?.threads;
/// assert_eq!(threads[0].head.id, first);
/// assert_eq!(threads[0].replies[0].id, reply);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The top-level comment.
    pub head: Comment,
    /// Some of its shown replies. [`Comments`](crate::Comments) says which.
    pub replies: Vec<Comment>,
    /// Whether more shown replies follow; ask for them with the last reply's id as `after`.
    pub has_more_replies: bool,
}

/// A page of threads, oldest first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::num::NonZeroUsize;
/// use horizon_core::{CommentStore, Slug};
/// use horizon_memory::MemoryStats;
///
/// let store = MemoryStats::new();
/// let page = store.threads(&Slug::new("hello")?, None, NonZeroUsize::MIN).await?;
/// let before = page.threads.first().map(|thread| thread.head.id); // for the page of older ones
/// assert!(before.is_none() && !page.has_earlier);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadPage {
    /// The threads of this page.
    pub threads: Vec<Thread>,
    /// Whether older ones show; ask for them with the first thread's id as `before`.
    pub has_earlier: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_trimmed_and_its_line_ends_are_made_one() {
        let draft = Draft::new("  Ada ", "\r\none\r\ntwo\rthree\n", None).unwrap();
        assert_eq!((draft.author(), draft.body()), ("Ada", "one\ntwo\nthree"));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let field = |author: &str, body: &str| Draft::new(author, body, None).unwrap_err().field;
        assert_eq!(field("", " \n "), "body");
        assert_eq!(field("", &"é".repeat(2_001)), "body");
        assert_eq!(field("", "nul\0"), "body");
        assert_eq!(field(&"é".repeat(81), "fine"), "author");
        assert_eq!(field("two\r\nlines", "fine"), "author");
        assert!(Draft::new(&"é".repeat(80), &"é".repeat(2_000), None).is_ok());
    }
}
