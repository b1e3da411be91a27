//! Replies: the form moves below the comment and keeps its content.

use std::rc::Rc;

use super::{CommentsIsland, comment};
use crate::browser::dom;

/// The link below a comment that starts a reply.
pub(super) const LINK: &str = r#"[data-horizon="reply"]"#;

/// The line of the form that names the comment.
const REPLY_LINE: &str = "[data-answered]";

pub(super) fn start(island: &Rc<CommentsIsland>) {
    dom::on(&island.list, "click", {
        let island = Rc::clone(island);
        move |event| {
            let article = dom::closest(&event, LINK).and_then(|link| link.closest("article").ok().flatten());
            if let Some(id) = article.and_then(|article| article.get_attribute("data-comment-id")) {
                event.prevent_default();
                start_reply(&island, &id);
                focus(&island);
            }
        }
    });
    dom::on(&island.form, "click", {
        let island = Rc::clone(island);
        move |event| {
            if dom::closest(&event, r#"[data-horizon="cancel-reply"]"#).is_some() {
                event.prevent_default();
                cancel(&island);
                focus(&island);
            }
        }
    });
    // The server sets it for `?reply=`.
    let parent = island.value("parent");
    if !parent.is_empty() {
        start_reply(island, &parent);
    }
}

fn start_reply(island: &CommentsIsland, id: &str) {
    let Some(article) = comment::find(id) else { return };
    let Some(thread) = article.parent_element() else { return };
    island.set_value("parent", id);
    let author = dom::within(&article, "[data-author]").and_then(|name| name.text_content());
    if let Some(line) = dom::within(&island.form, REPLY_LINE) {
        dom::toggle(&line, "hidden", false);
        dom::each(&line, "[data-author]", |name| {
            dom::set_text(&name, author.as_deref().unwrap_or_default());
        });
    }
    let _ = thread.append_child(&island.form);
}

/// Moves the form back; the next comment starts a thread.
pub(super) fn cancel(island: &CommentsIsland) {
    island.set_value("parent", "");
    if let Some(line) = dom::within(&island.form, REPLY_LINE) {
        dom::toggle(&line, "hidden", true);
    }
    let _ = island.home.append_child(&island.form);
}

fn focus(island: &CommentsIsland) {
    if let Some(body) = island.field("body") {
        dom::focus(&body);
    }
}
