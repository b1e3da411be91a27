use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::browser::{dom, js};

/// A comment from the server: `horizon_core::wire::CommentView`.
#[derive(Clone, Debug)]
pub(crate) struct LiveComment {
    pub(super) id: String,
    /// The comment it replies to.
    pub(super) parent: Option<String>,
    /// May be empty.
    pub(super) author: String,
    /// What the site says about the author.
    pub(super) badge: Option<String>,
    /// Sanitised by the server.
    pub(super) html: String,
    /// In milliseconds since the Unix epoch.
    pub(super) at: i64,
    /// Whether a moderator removed it.
    pub(super) removed: bool,
}

impl LiveComment {
    /// Reads the properties. Missing ones are empty.
    pub(crate) fn from_js(value: &JsValue) -> Self {
        Self {
            id: js::text(value, "id").unwrap_or_default(),
            parent: js::text(value, "parent"),
            author: js::text(value, "author").unwrap_or_default(),
            badge: js::text(value, "badge"),
            html: js::text(value, "html").unwrap_or_default(),
            at: js::millis(value, "at"),
            removed: js::get(value, "removed").is_truthy(),
        }
    }

    /// Returns whether the comment is on the page.
    pub(super) fn is_shown(&self) -> bool {
        find(&self.id).is_some()
    }
}

/// Returns the element of the comment with this id.
pub(super) fn find(id: &str) -> Option<Element> {
    dom::document().get_element_by_id(&["comment-", id].concat())
}
