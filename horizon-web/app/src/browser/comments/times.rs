//! Shows the ages of comments and updates them.

use std::{rc::Rc, time::Duration};

use super::CommentsIsland;
use crate::{
    browser::{dom, js},
    text,
};

/// The update interval: the smallest unit of an age.
const UPDATE_INTERVAL: Duration = Duration::from_secs(60);

pub(super) fn start(island: &Rc<CommentsIsland>) {
    refresh(island);
    let island = Rc::clone(island);
    dom::every(UPDATE_INTERVAL, move || refresh(&island));
}

/// Shows the age of each comment, or its date if it is old.
pub(super) fn refresh(island: &CommentsIsland) {
    let now = js::now();
    dom::each(&island.list, "time", |time| {
        let at = time
            .get_attribute("data-at")
            .and_then(|at| at.parse::<i64>().ok())
            .unwrap_or_default();
        dom::set_text(&time, &text::age(now - at).unwrap_or_else(|| text::date(at)));
    });
}
