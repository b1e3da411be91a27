use serde::{Deserialize, Serialize};

use crate::{Badge, EventId, ReaderId, Slug, Stamp, Timestamp, clean_text, has_visible_text};

/// The longest text of a comment, in Unicode scalar values (`char`).
pub const MAX_COMMENT_CHARS: usize = 2_000;

/// The longest name of an author, in Unicode scalar values (`char`).
pub const MAX_AUTHOR_CHARS: usize = 80;

/// The maximum number of replies to one comment. Check it before a reply is tracked.
pub const MAX_REPLIES: usize = 200;

/// The validated text of a comment that is not stored yet.
///
/// ```
/// use horizon_core::Draft;
///
/// let draft = Draft::new("  Ada ", "one\r\ntwo\n", None)?;
/// assert_eq!((draft.author(), draft.body()), ("Ada", "one\ntwo"));
/// assert!(serde_json::from_str::<Draft>(r#"{"body":" "}"#).is_err()); // deserializing validates too
/// # Ok::<(), horizon_core::DraftError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawDraft")]
pub struct Draft {
    author: String,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<Badge>,
}

#[derive(Deserialize)]
struct RawDraft {
    #[serde(default)]
    author: String,
    body: String,
    #[serde(default)]
    parent: Option<EventId>,
    #[serde(default)]
    badge: Option<Badge>,
}

/// Which field of a [`Draft`] is invalid, and why.
///
/// ```
/// use horizon_core::{Draft, DraftErrorReason};
///
/// let error = Draft::new("Ada", "", None).unwrap_err();
/// assert_eq!((error.field, error.reason), ("body", DraftErrorReason::Empty));
/// assert_eq!(error.to_string(), "`body` must not be empty");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
#[non_exhaustive]
pub struct DraftError {
    /// The field: `author` or `body`.
    pub field: &'static str,
    /// What is wrong with the field.
    pub reason: DraftErrorReason,
}

/// Why a field of a [`Draft`] is invalid. The text continues a sentence that starts with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftErrorReason {
    /// The field is empty or only white space.
    #[error("must not be empty")]
    Empty,
    /// The field is too long.
    #[error("has {chars} characters, at most {limit} are allowed")]
    TooLong {
        /// The length of the text, in Unicode scalar values.
        chars: usize,
        /// The longest allowed text, in Unicode scalar values.
        limit: usize,
    },
    /// The field contains a control character.
    #[error("must not contain the control character U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
    /// The field contains only invisible characters.
    #[error("must have a visible character")]
    Invisible,
}

impl Draft {
    /// Validates what a reader wrote. Removes characters that reorder or hide text ([`clean_text`]) and surrounding
    /// white space, and converts line ends to `\n`.
    ///
    /// # Errors
    /// Returns a [`DraftError`] if the body is empty, a field is too long, a field that is not empty has no visible
    /// character, or a field contains a control character (a body may contain tabs and line ends).
    pub fn new(author: &str, body: &str, parent: Option<EventId>) -> Result<Self, DraftError> {
        let invalid = |field| move |reason| DraftError { field, reason };
        if body.trim().is_empty() {
            return Err(invalid("body")(DraftErrorReason::Empty));
        }
        let body = clean_text(body).replace("\r\n", "\n").replace('\r', "\n");
        let cleaned_author = clean_text(author);
        let (author_is_given, author) = (!author.trim().is_empty(), cleaned_author.trim());
        let body = body.trim();
        let forbidden_in_body = |c: char| c.is_control() && c != '\n' && c != '\t';
        check(body, MAX_COMMENT_CHARS, forbidden_in_body).map_err(invalid("body"))?;
        check(author, MAX_AUTHOR_CHARS, char::is_control).map_err(invalid("author"))?;
        for (field, is_given, text) in [("body", true, body), ("author", author_is_given, author)] {
            if is_given && !has_visible_text(text) {
                return Err(invalid(field)(DraftErrorReason::Invisible));
            }
        }
        Ok(Self {
            author: author.into(),
            body: body.into(),
            parent,
            badge: None,
        })
    }

    /// Adds a badge that the application gives to the author.
    #[must_use]
    pub fn with_badge(self, badge: impl Into<Option<Badge>>) -> Self {
        Self {
            badge: badge.into(),
            ..self
        }
    }

    /// Returns the author's name, which may be empty.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Returns the text. It is untrusted: escape or sanitise it.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the comment to which this is a reply.
    #[must_use]
    pub fn parent(&self) -> Option<EventId> {
        self.parent
    }

    /// Returns the author's badge.
    #[must_use]
    pub fn badge(&self) -> Option<&Badge> {
        self.badge.as_ref()
    }
}

fn check(text: &str, limit: usize, is_forbidden: impl Fn(char) -> bool) -> Result<(), DraftErrorReason> {
    let chars = text.chars().count();
    if chars > limit {
        return Err(DraftErrorReason::TooLong { chars, limit });
    }
    match text.chars().find(|&c| is_forbidden(c)) {
        Some(c) => Err(DraftErrorReason::ControlCharacter(c)),
        None => Ok(()),
    }
}

impl TryFrom<RawDraft> for Draft {
    type Error = DraftError;
    fn try_from(raw: RawDraft) -> Result<Self, DraftError> {
        Ok(Self::new(&raw.author, &raw.body, raw.parent)?.with_badge(raw.badge))
    }
}

/// Whether readers see a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Visibility {
    /// Readers see it.
    Shown,
    /// It is hidden until a moderator shows it.
    #[serde(rename = "waiting")]
    Pending,
    /// A moderator removed it.
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

/// A stored comment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comment {
    /// The id of the event that created it.
    pub id: EventId,
    /// The page.
    pub slug: Slug,
    /// The comment to which this is a reply, always a top-level comment of the same page.
    pub parent: Option<EventId>,
    /// The owner.
    pub reader: ReaderId,
    /// The author's name, which may be empty.
    pub author: String,
    /// What the application says about the author.
    pub badge: Option<Badge>,
    /// The text as the reader typed it.
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
            badge: None,
            body: String::new(),
            at,
            visibility: Visibility::Shown,
        }
    }

    /// Returns the comment that an event with this stamp and draft creates on the page. The parent is the draft's, and
    /// is not checked.
    #[must_use]
    pub fn from_draft(stamp: Stamp, slug: Slug, reader: ReaderId, draft: &Draft, pending: bool) -> Self {
        Self {
            parent: draft.parent(),
            author: draft.author().into(),
            badge: draft.badge().cloned(),
            body: draft.body().into(),
            visibility: if pending {
                Visibility::Pending
            } else {
                Visibility::Shown
            },
            ..Self::new(stamp.id, slug, reader, stamp.at)
        }
    }
}

/// A top-level comment and its replies, oldest first.
///
/// A pending or removed comment stays the head of its thread while replies to it are shown, with an empty author and
/// body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The top-level comment.
    pub head: Comment,
    /// Some of its shown replies; see [`CommentStore`](crate::CommentStore).
    pub replies: Vec<Comment>,
    /// Whether there are more shown replies. Read them with the last reply's id as `after`.
    pub has_more_replies: bool,
}

/// A page of threads, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadPage {
    /// The threads of this page.
    pub threads: Vec<Thread>,
    /// Whether there are older threads. Read them with the first head's id as `before`.
    pub has_earlier: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_trimmed_and_its_line_ends_are_normalized() {
        let draft = Draft::new("  Ada ", "\r\none\r\ntwo\rthree\n", None).unwrap();
        assert_eq!((draft.author(), draft.body()), ("Ada", "one\ntwo\nthree"));
    }

    #[test]
    fn the_error_names_the_invalid_field() {
        let field = |author: &str, body: &str| Draft::new(author, body, None).unwrap_err().field;
        assert_eq!(field("", " \n "), "body");
        assert_eq!(field("", &"é".repeat(2_001)), "body");
        assert_eq!(field("", "nul\0"), "body");
        assert_eq!(field(&"é".repeat(81), "fine"), "author");
        assert_eq!(field("two\r\nlines", "fine"), "author");
        assert_eq!(field("", "\u{2060} \u{3164}"), "body");
        assert_eq!(field("\u{200b}", "fine"), "author");
        assert!(Draft::new(&"é".repeat(80), &"é".repeat(2_000), None).is_ok());
    }

    #[test]
    fn a_draft_has_no_characters_that_reorder_or_hide_text() {
        let draft = Draft::new("\u{202e} Ada\u{200b}\u{2069}", "\u{feff} e\u{2066}vil\u{200d} ", None).unwrap();
        assert_eq!((draft.author(), draft.body()), ("Ada", "evil"));
        let limit = format!("{}\u{200b}", "é".repeat(80));
        assert!(
            Draft::new(&limit, "fine", None).is_ok(),
            "removed characters do not count"
        );
    }
}
