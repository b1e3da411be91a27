//! Tells how long ago a comment was written, and keeps that true.

use std::{rc::Rc, time::Duration};

use super::Talk;
use crate::{
    browser::{dom, js},
    text,
};

/// How often the ages are written anew: their smallest unit.
const EVERY: Duration = Duration::from_secs(60);

pub(super) fn start(talk: &Rc<Talk>) {
    refresh(talk);
    let talk = Rc::clone(talk);
    dom::every(EVERY, move || refresh(&talk));
}

/// Writes how long ago each comment was; an old one keeps its date.
pub(super) fn refresh(talk: &Talk) {
    let now = js::now();
    dom::each(&talk.list, "time", |time| {
        let at = time
            .get_attribute("data-at")
            .and_then(|at| at.parse::<i64>().ok())
            .unwrap_or_default();
        dom::write(&time, &text::age(now - at).unwrap_or_else(|| text::day(at)));
    });
}
