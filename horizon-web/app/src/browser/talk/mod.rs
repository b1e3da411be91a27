//! The comments: reading them, announcing new ones, writing one.

mod comment;
mod form;
mod list;
mod news;
mod reply;
mod times;

use std::rc::Rc;

use web_sys::Element;

pub(crate) use comment::Comment;

use super::{dom, live};

/// The parts of the page that the comments consist of.
struct Talk {
    /// The address of the post's comments.
    url: String,
    /// The list of threads.
    list: Element,
    /// What a thread looks like, empty.
    template: Element,
    /// The form, which wanders to the comment that is answered.
    form: Element,
    /// Where the form stands when nothing is answered.
    home: Element,
    /// What came of the form.
    status: Element,
    /// Announces new comments.
    news: Element,
}

/// Makes comments work without a new page.
pub(crate) fn start() {
    let Some(talk) = find().map(Rc::new) else { return };
    times::start(&talk);
    form::start(&talk);
    reply::start(&talk);
    list::start(&talk);
    news::start(talk);
}

fn find() -> Option<Talk> {
    Some(Talk {
        url: live::address("comments", &live::slug()?),
        list: dom::find(r#"[data-horizon="comment-list"]"#)?,
        template: dom::find("template[data-thread]")?,
        form: dom::find(r#"form[data-horizon="comment-form"]"#)?,
        home: dom::find("[data-form-home]")?,
        status: dom::find(r#"[data-horizon="form-status"]"#)?,
        news: dom::find(r#"[data-horizon="new-comments"]"#)?,
    })
}

impl Talk {
    /// Says what came of something. `role` is `alert` for what went wrong, else `status`.
    fn say(&self, role: &str, sentence: &str) {
        dom::set(&self.status, "role", role);
        dom::write(&self.status, sentence);
    }

    /// A field of the form.
    fn field(&self, name: &str) -> Option<Element> {
        dom::within(&self.form, &["[name=", name, "]"].concat())
    }

    /// What is in a field of the form.
    fn value(&self, name: &str) -> String {
        self.field(name).map(|field| dom::value(&field)).unwrap_or_default()
    }

    /// Puts text into a field of the form.
    fn fill(&self, name: &str, text: &str) {
        if let Some(field) = self.field(name) {
            dom::fill(&field, text);
        }
    }
}
