use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::browser::{dom, js};

/// A comment as the server sends it: `horizon_core::wire::CommentView`.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    /// Its id.
    pub(super) id: String,
    /// The comment that it answers.
    pub(super) parent: Option<String>,
    /// Who wrote it, empty for no name.
    pub(super) author: String,
    /// Its text, as HTML that the server has sanitised.
    pub(super) html: String,
    /// When it was written, in milliseconds since 1970.
    pub(super) at: i64,
    /// Whether the author of the blog took it down.
    pub(super) removed: bool,
}

impl Comment {
    /// Reads a comment; what is missing is empty.
    pub(crate) fn read(value: &JsValue) -> Self {
        Self {
            id: js::text(value, "id").unwrap_or_default(),
            parent: js::text(value, "parent"),
            author: js::text(value, "author").unwrap_or_default(),
            html: js::text(value, "html").unwrap_or_default(),
            at: js::millis(value, "at"),
            removed: js::get(value, "removed").is_truthy(),
        }
    }

    /// Whether the page has it.
    pub(super) fn is_shown(&self) -> bool {
        find(&self.id).is_some()
    }
}

/// The comment with this id, if the page has it.
pub(super) fn find(id: &str) -> Option<Element> {
    dom::document().get_element_by_id(&["comment-", id].concat())
}
