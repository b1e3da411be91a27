//! Sending a comment: it appears at once; what is refused stays in the form, with the reason.

use std::{cell::Cell, rc::Rc};

use super::{Comment, Talk, list, reply, times};
use crate::browser::{
    dom,
    fetch::{self, Answer},
    js, task,
};

const SHOWN: &str = "Thank you. Your comment is here.";
const WAITS: &str = "Thank you. Your comment waits for the author, and shows once it is approved.";

/// The fields that the reader fills in, and the one that only a machine does.
const FIELDS: [&str; 5] = ["id", "author", "body", "parent", "website"];

pub(super) fn start(talk: &Rc<Talk>) {
    // A browser may have put an old id back into the field, and an id names one comment.
    talk.fill("id", &js::fresh_id());
    let is_busy = Rc::new(Cell::new(false));
    let talk = Rc::clone(talk);
    dom::on(&talk.form.clone(), "submit", move |event| {
        event.prevent_default();
        if !is_busy.replace(true) {
            task::spawn(Box::pin(send(Rc::clone(&talk), Rc::clone(&is_busy))));
        }
    });
}

async fn send(talk: Rc<Talk>, is_busy: Rc<Cell<bool>>) {
    dom::set(&talk.form, "aria-busy", "true");
    dom::each(&talk.form, "[aria-invalid]", |field| {
        dom::toggle(&field, "aria-invalid", false);
    });
    talk.say("status", "");
    let values = FIELDS.map(|name| talk.value(name));
    let mut fields = Vec::with_capacity(FIELDS.len());
    for (name, value) in FIELDS.iter().zip(&values) {
        // A parent that is empty is none, and the server takes no empty id for one.
        if *name != "parent" || !value.is_empty() {
            fields.push((*name, value.as_str()));
        }
    }
    let json = [("Content-Type", "application/json")];
    let answer = fetch::send("POST", &talk.url, &json, Some(&js::object(&fields))).await;
    is_busy.set(false);
    dom::toggle(&talk.form, "aria-busy", false);
    match answer {
        Some(answer) if answer.status == 201 => {
            sent(&talk, SHOWN);
            let comment = Comment::read(&answer.body);
            if !comment.is_shown()
                && let Some(article) = list::insert(&talk, &comment)
            {
                times::refresh(&talk);
                dom::focus(&article);
            }
        }
        Some(answer) if answer.status == 202 => {
            sent(&talk, WAITS);
            dom::focus(&talk.status);
        }
        refused => refuse(&talk, refused.as_ref()),
    }
}

/// Empties the form; the name stays for the next comment.
fn sent(talk: &Talk, sentence: &str) {
    talk.fill("body", "");
    talk.fill("id", &js::fresh_id());
    reply::end(talk);
    talk.say("status", sentence);
}

fn refuse(talk: &Talk, answer: Option<&Answer>) {
    talk.say("alert", &Answer::complaint(answer));
    let field = answer.and_then(|answer| js::text(&answer.body, "field"));
    match field.as_deref() {
        // The id belongs to an earlier try that did arrive; what is in the form now is another comment.
        Some("id") => talk.fill("id", &js::fresh_id()),
        Some(name) => {
            if let Some(field) = talk.field(name) {
                dom::set(&field, "aria-invalid", "true");
            }
        }
        None => {}
    }
    dom::focus(&talk.status);
}
