//! The ids that a document defines.

use std::collections::HashSet;

use crate::unicode::nfc;
use comrak::{Anchorizer, Node, nodes::NodeValue};

/// The prefix of the ids of the interface.
const INTERFACE_PREFIX: &str = "eh-";

/// The id of the comments of a post, which other pages link to.
const COMMENTS: &str = "comments";

/// The prefix of the id of a comment, before its hexadecimal digits.
const COMMENT_PREFIX: &str = "comment-";

/// The number of hexadecimal digits of a comment's id.
const COMMENT_ID_DIGITS: usize = 32;

/// The id of a heading without letters and digits.
const SECTION: &str = "section";

/// The ids that a document has so far. None of them is an id of the page around it.
#[derive(Debug, Default)]
pub(super) struct AuthorIds {
    used: HashSet<String>,
    anchorizer: Anchorizer,
    /// In order.
    all: Vec<String>,
}

impl AuthorIds {
    /// Returns the ids of the footnotes.
    pub(super) fn of_footnotes(root: Node<'_>) -> Self {
        let mut ids = Self::default();
        for node in root.descendants() {
            let id = match &node.data().value {
                NodeValue::FootnoteDefinition(note) => format!("fn-{}", note.name),
                NodeValue::FootnoteReference(note) if note.ref_num > 1 => {
                    format!("fnref-{}-{}", note.name, note.ref_num)
                }
                NodeValue::FootnoteReference(note) => format!("fnref-{}", note.name),
                _ => continue,
            };
            ids.used.insert(id.clone());
            ids.all.push(id);
        }
        ids
    }

    /// Returns an id as the author writes it, or one that is derived from it if it is used or reserved.
    pub(super) fn choose(&mut self, id: &str) -> String {
        let id = nfc(id).into_owned();
        if self.is_free(&id) {
            self.add(id)
        } else {
            self.id_of_text(&id)
        }
    }

    /// Returns the id that GitHub derives from a text, with a number if it is used.
    pub(super) fn id_of_text(&mut self, text: &str) -> String {
        let mut name = nfc(text).into_owned();
        let id = Anchorizer::new().anchorize(&name);
        if !id.chars().any(char::is_alphanumeric) {
            SECTION.clone_into(&mut name);
        } else if id.starts_with(INTERFACE_PREFIX) {
            name = format!("{SECTION}-{id}");
        }
        // Ends, because only ids that are used and a few without a number are not free.
        loop {
            let id = self.anchorizer.anchorize(&name);
            if self.is_free(&id) {
                return self.add(id);
            }
        }
    }

    /// Returns all ids, in order.
    pub(super) fn into_all(self) -> Vec<String> {
        self.all
    }

    fn is_free(&self, id: &str) -> bool {
        !is_reserved(id) && !self.used.contains(id)
    }

    fn add(&mut self, id: String) -> String {
        self.used.insert(id.clone());
        self.all.push(id.clone());
        id
    }
}

/// Returns whether the page around a document may have this id.
fn is_reserved(id: &str) -> bool {
    let is_comment = id
        .strip_prefix(COMMENT_PREFIX)
        .is_some_and(|rest| rest.len() == COMMENT_ID_DIGITS && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    id.starts_with(INTERFACE_PREFIX) || id == COMMENTS || is_comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_never_has_an_id_of_the_page() {
        let mut ids = AuthorIds::default();
        assert_eq!(ids.id_of_text("Comments"), "comments-1");
        assert_eq!(ids.choose("comments"), "comments-2");
        assert_eq!(ids.id_of_text("EH main"), "section-eh-main");
        assert_eq!(ids.id_of_text("#eh-"), "section-eh-");
        assert_eq!(ids.choose("eh-main"), "section-eh-main-1");
        let comment = format!("comment-{}", "0".repeat(32));
        assert_eq!(ids.choose(&comment), format!("{comment}-1"));
        assert_eq!(ids.id_of_text("Body"), "body");
        assert_eq!(ids.choose("body"), "body-1");
    }

    #[test]
    fn an_id_has_one_unicode_form() {
        let mut ids = AuthorIds::default();
        assert_eq!(ids.id_of_text("U\u{308}ni"), "\u{fc}ni");
        assert_eq!(ids.choose("\u{fc}ni"), "\u{fc}ni-1");
    }
}
