//! Shows the ages of comments and updates them.

use std::{rc::Rc, time::Duration};

use super::CommentsIsland;
use crate::browser::{dom, formats, js};

/// The update interval: the smallest unit of an age.
const UPDATE_INTERVAL: Duration = Duration::from_secs(60);

pub(super) fn start(island: &Rc<CommentsIsland>) {
    refresh(island);
    let island = Rc::clone(island);
    dom::every(UPDATE_INTERVAL, move || refresh(&island));
}

/// Shows the age of each comment, or its date if it is old.
pub(super) fn refresh(island: &CommentsIsland) {
    dom::each(&island.list, "time", |time| {
        let at = time.get_attribute("data-at").and_then(|at| at.parse::<i64>().ok());
        dom::set_text(&time, &formats::age(js::float(at.unwrap_or_default())));
    });
}
