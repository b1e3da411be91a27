//! The comments: the list, new comments and the form.

mod comment;
mod form;
mod list;
mod new_comments;
mod reply;
mod times;

use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::Element;

pub(crate) use comment::LiveComment;

use super::{
    dom,
    fetch::{self, ApiResponse},
    live,
};

/// The elements of the comment section.
struct CommentsIsland {
    /// The API URL of the post's comments.
    url: String,
    /// The list of threads.
    list: Element,
    /// The template of an empty thread.
    template: Element,
    /// The form, which moves to the comment that is replied to.
    form: Element,
    /// The place of the form for a new thread.
    home: Element,
    /// The status line of the form.
    status: Element,
    /// The button that shows new comments.
    new_comments: Element,
}

/// Starts the comment section.
pub(crate) fn start() {
    let Some(island) = find().map(Rc::new) else { return };
    times::start(&island);
    form::start(&island);
    reply::start(&island);
    list::start(&island);
    new_comments::start(island);
}

fn find() -> Option<CommentsIsland> {
    Some(CommentsIsland {
        url: live::api_url("comments", &live::slug()?),
        list: dom::find(r#"[data-horizon="comment-list"]"#)?,
        template: dom::find("template[data-thread]")?,
        form: dom::find(r#"form[data-horizon="comment-form"]"#)?,
        home: dom::find("[data-form-home]")?,
        status: dom::find(r#"[data-horizon="form-status"]"#)?,
        new_comments: dom::find(r#"[data-horizon="new-comments"]"#)?,
    })
}

impl CommentsIsland {
    /// Fetches comments. Shows errors in the status line.
    async fn fetch(&self, query: &str) -> Option<JsValue> {
        match fetch::send("GET", &[&self.url, query].concat(), &[], None).await {
            Some(response) if response.status == 200 => Some(response.body),
            error => {
                self.set_status("alert", &ApiResponse::error_message(error.as_ref(), None));
                None
            }
        }
    }

    /// Sets the status line. `role` is `alert` for errors, else `status`.
    fn set_status(&self, role: &str, sentence: &str) {
        dom::set_attribute(&self.status, "role", role);
        dom::set_text(&self.status, sentence);
    }

    fn field(&self, name: &str) -> Option<Element> {
        dom::within(&self.form, &["[name=", name, "]"].concat())
    }

    /// Returns the value of a field.
    fn value(&self, name: &str) -> String {
        self.field(name).map(|field| dom::value(&field)).unwrap_or_default()
    }

    /// Sets the value of a field.
    fn set_value(&self, name: &str, text: &str) {
        if let Some(field) = self.field(name) {
            dom::set_value(&field, text);
        }
    }
}
