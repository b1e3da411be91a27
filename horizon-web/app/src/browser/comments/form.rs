//! Sends the comment form. A rejected comment stays in the form.

use std::{cell::Cell, rc::Rc};

use super::{CommentsIsland, LiveComment, list, reply, times};
use crate::browser::{
    dom,
    fetch::{self, ApiResponse},
    js, task,
};

/// The fields of the form; `website` is the honeypot.
const FIELDS: [&str; 5] = ["id", "author", "body", "parent", "website"];

pub(super) fn start(island: &Rc<CommentsIsland>) {
    // The browser may have restored the id of an earlier comment.
    island.set_value("id", &js::fresh_id());
    let is_busy = Rc::new(Cell::new(false));
    let island = Rc::clone(island);
    dom::on(&island.form.clone(), "submit", move |event| {
        event.prevent_default();
        if !is_busy.replace(true) {
            task::spawn(Box::pin(send(Rc::clone(&island), Rc::clone(&is_busy))));
        }
    });
}

async fn send(island: Rc<CommentsIsland>, is_busy: Rc<Cell<bool>>) {
    dom::set_attribute(&island.form, "aria-busy", "true");
    dom::each(&island.form, "[aria-invalid]", |field| {
        dom::toggle(&field, "aria-invalid", false);
    });
    island.set_status("status", "");
    let values = FIELDS.map(|name| island.value(name));
    let mut fields = Vec::with_capacity(FIELDS.len());
    for (name, value) in FIELDS.iter().zip(&values) {
        // The server rejects an empty `parent`.
        if *name != "parent" || !value.is_empty() {
            fields.push((*name, value.as_str()));
        }
    }
    let json = [("Content-Type", "application/json")];
    let response = fetch::send("POST", &island.url, &json, Some(&js::object(&fields))).await;
    is_busy.set(false);
    dom::toggle(&island.form, "aria-busy", false);
    match response {
        Some(response) if response.status == 201 => {
            clear(&island, "data-published");
            let comment = LiveComment::from_js(&response.body);
            if !comment.is_shown()
                && let Some(article) = list::insert(&island, &comment)
            {
                times::refresh(&island);
                dom::focus(&article);
            }
        }
        Some(response) if response.status == 202 => {
            clear(&island, "data-pending");
            dom::focus(&island.status);
        }
        error => show_error(&island, error.as_ref()),
    }
}

/// Clears the form except for the name, and shows the sentence of this attribute.
fn clear(island: &CommentsIsland, sentence: &str) {
    island.set_value("body", "");
    island.set_value("id", &js::fresh_id());
    reply::cancel(island);
    island.set_status("status", &dom::attribute(&island.form, sentence));
}

fn show_error(island: &CommentsIsland, response: Option<&ApiResponse>) {
    island.set_status("alert", &ApiResponse::error_message(response, Some(&island.form)));
    let field = response.and_then(|response| js::text(&response.body, "field"));
    match field.as_deref() {
        // An earlier comment with this id was stored.
        Some("id") => island.set_value("id", &js::fresh_id()),
        Some(name) => {
            if let Some(field) = island.field(name) {
                dom::set_attribute(&field, "aria-invalid", "true");
            }
        }
        None => {}
    }
    dom::focus(&island.status);
}
