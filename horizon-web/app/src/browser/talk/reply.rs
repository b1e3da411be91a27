//! Answering a comment: the form wanders below it, with what is written in it.

use std::rc::Rc;

use super::{Talk, comment};
use crate::browser::dom;

/// The link below a comment that starts an answer.
pub(super) const LINK: &str = r#"[data-horizon="reply"]"#;

/// The line of the form that says what is answered.
const ANSWERED: &str = "[data-answered]";

pub(super) fn start(talk: &Rc<Talk>) {
    dom::on(&talk.list, "click", {
        let talk = Rc::clone(talk);
        move |event| {
            let article = dom::target(&event, LINK).and_then(|link| link.closest("article").ok().flatten());
            if let Some(id) = article.and_then(|article| article.get_attribute("data-comment-id")) {
                event.prevent_default();
                answer(&talk, &id);
                focus(&talk);
            }
        }
    });
    dom::on(&talk.form, "click", {
        let talk = Rc::clone(talk);
        move |event| {
            if dom::target(&event, r#"[data-horizon="cancel-reply"]"#).is_some() {
                event.prevent_default();
                end(&talk);
                focus(&talk);
            }
        }
    });
    // The server has named the comment in a page that was asked for with `?reply=`.
    let parent = talk.value("parent");
    if !parent.is_empty() {
        answer(talk, &parent);
    }
}

fn answer(talk: &Talk, id: &str) {
    let Some(article) = comment::find(id) else { return };
    let Some(thread) = article.parent_element() else { return };
    talk.fill("parent", id);
    let author = dom::within(&article, "[data-author]").and_then(|name| name.text_content());
    if let Some(line) = dom::within(&talk.form, ANSWERED) {
        dom::toggle(&line, "hidden", false);
        dom::each(&line, "[data-author]", |name| {
            dom::write(&name, author.as_deref().unwrap_or_default());
        });
    }
    let _ = thread.append_child(&talk.form);
}

/// Brings the form home; the next comment answers nothing.
pub(super) fn end(talk: &Talk) {
    talk.fill("parent", "");
    if let Some(line) = dom::within(&talk.form, ANSWERED) {
        dom::toggle(&line, "hidden", true);
    }
    let _ = talk.home.append_child(&talk.form);
}

fn focus(talk: &Talk) {
    if let Some(body) = talk.field("body") {
        dom::focus(&body);
    }
}
