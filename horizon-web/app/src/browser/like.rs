//! The like button: pressed at once, settled with the server behind the reader's back.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use reactive_graph::prelude::*;
use web_sys::Element;

use super::{
    dom,
    fetch::{self, Answer},
    js, live, task,
};

struct Like {
    url: String,
    button: Element,
    /// Says whether the form's next sending likes or takes back, for a page that loses its script.
    field: Element,
    status: Element,
    /// What the reader wants.
    wanted: Cell<bool>,
    /// What the server knows.
    known: Cell<bool>,
    is_busy: Cell<bool>,
    /// Names the request: who has no cookie yet is known by it when it is sent again.
    key: RefCell<String>,
}

/// Makes the button work without a new page.
pub(crate) fn start() {
    let Some(slug) = live::slug() else { return };
    let Some(form) = dom::find("form[data-like]") else {
        return;
    };
    let parts = (
        dom::within(&form, "button"),
        dom::within(&form, "[name=liked]"),
        dom::within(&form, "[role=status]"),
    );
    let (Some(button), Some(field), Some(status)) = parts else {
        return;
    };
    let liked = button.get_attribute("aria-pressed").as_deref() == Some("true");
    let like = Rc::new(Like {
        url: live::address("likes", &slug),
        button,
        field,
        status,
        wanted: Cell::new(liked),
        known: Cell::new(liked),
        is_busy: Cell::default(),
        key: RefCell::new(js::fresh_id()),
    });
    dom::on(&form, "submit", move |event| {
        event.prevent_default();
        like.want(!like.wanted.get());
        if !like.is_busy.replace(true) {
            task::spawn(Box::pin(settle(Rc::clone(&like))));
        }
    });
}

impl Like {
    fn want(&self, liked: bool) {
        self.wanted.set(liked);
        dom::set(&self.button, "aria-pressed", if liked { "true" } else { "false" });
        dom::fill(&self.field, if liked { "false" } else { "true" });
    }

    fn took(&self, answer: &Answer) {
        let likes = js::count(&answer.body, "likes");
        self.known.set(js::get(&answer.body, "liked").is_truthy());
        self.key.replace(js::fresh_id());
        live::latest().page.update(|page| {
            if let Some(numbers) = page {
                numbers.likes = likes;
            }
        });
    }
}

/// Tells the server until it knows what the reader wants, however often that changes meanwhile.
async fn settle(like: Rc<Like>) {
    dom::write(&like.status, "");
    while like.wanted.get() != like.known.get() {
        let method = if like.wanted.get() { "PUT" } else { "DELETE" };
        let key = like.key.borrow().clone();
        match fetch::send(method, &like.url, &[("Idempotency-Key", &key)], None).await {
            Some(answer) if answer.status == 200 => like.took(&answer),
            refused => {
                like.want(like.known.get());
                dom::write(&like.status, &Answer::complaint(refused.as_ref()));
            }
        }
    }
    like.is_busy.set(false);
}
