//! The like button. It changes at once; the request to the server follows.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use reactive_graph::prelude::*;
use web_sys::Element;

use super::{
    dom,
    fetch::{self, ApiResponse},
    js, live, task,
};

struct LikeButton {
    url: String,
    button: Element,
    /// The hidden field that the form sends without the script: `true` to like, `false` to unlike.
    field: Element,
    status: Element,
    /// The state that the reader chose.
    desired: Cell<bool>,
    /// The state on the server.
    confirmed: Cell<bool>,
    is_busy: Cell<bool>,
    /// The idempotency key. It identifies a reader without a cookie when the request is sent again.
    key: RefCell<String>,
}

/// Handles the form of the button.
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
    let like = Rc::new(LikeButton {
        url: live::api_url("likes", &slug),
        button,
        field,
        status,
        desired: Cell::new(liked),
        confirmed: Cell::new(liked),
        is_busy: Cell::default(),
        key: RefCell::new(js::fresh_id()),
    });
    dom::on(&form, "submit", move |event| {
        event.prevent_default();
        like.set_desired(!like.desired.get());
        if !like.is_busy.replace(true) {
            task::spawn(Box::pin(sync(Rc::clone(&like))));
        }
    });
}

impl LikeButton {
    fn set_desired(&self, liked: bool) {
        self.desired.set(liked);
        dom::set_attribute(&self.button, "aria-pressed", if liked { "true" } else { "false" });
        dom::set_value(&self.field, if liked { "false" } else { "true" });
    }

    fn apply(&self, response: &ApiResponse) {
        let likes = js::count(&response.body, "likes");
        self.confirmed.set(js::get(&response.body, "liked").is_truthy());
        self.key.replace(js::fresh_id());
        live::signals().page.update(|page| {
            if let Some(stats) = page {
                stats.likes = likes;
            }
        });
    }
}

/// Sends requests until the server has the desired state.
async fn sync(like: Rc<LikeButton>) {
    dom::set_text(&like.status, "");
    while like.desired.get() != like.confirmed.get() {
        let method = if like.desired.get() { "PUT" } else { "DELETE" };
        let key = like.key.borrow().clone();
        match fetch::send(method, &like.url, &[("Idempotency-Key", &key)], None).await {
            Some(response) if response.status == 200 => like.apply(&response),
            error => {
                like.set_desired(like.confirmed.get());
                dom::set_text(&like.status, &ApiResponse::error_message(error.as_ref(), None));
            }
        }
    }
    like.is_busy.set(false);
}
