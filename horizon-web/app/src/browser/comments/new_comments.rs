//! New comments of other readers: announced, and shown on request.

use std::{cell::RefCell, rc::Rc};

use reactive_graph::prelude::*;

use super::{CommentsIsland, LiveComment, comment, list};
use crate::browser::{dom, formats, js, live, task};

/// The maximum number of announced comments.
const MAX_ANNOUNCED: usize = 99;

/// Comments that are announced but not on the page.
#[derive(Default)]
struct NewComments(RefCell<Vec<LiveComment>>);

pub(super) fn start(island: Rc<CommentsIsland>) {
    let new = Rc::new(NewComments::default());
    dom::on(&island.new_comments.clone(), "click", {
        let (island, new) = (Rc::clone(&island), Rc::clone(&new));
        move |_| task::spawn(Box::pin(show(Rc::clone(&island), Rc::clone(&new))))
    });
    let newest = live::signals().comments;
    task::effect(Box::new(move || {
        newest.with(|newest| new.add(&island, newest));
        new.show_count(&island);
    }));
}

impl NewComments {
    fn add(&self, island: &CommentsIsland, newest: &[LiveComment]) {
        // The reader's own comment may arrive on the stream before the response.
        let own = island.value("id");
        let mut announced = self.0.borrow_mut();
        announced.retain(|comment| !comment.is_shown());
        // Oldest first, so that a thread comes before its replies.
        for comment in newest.iter().rev() {
            let is_known = comment.is_shown() || announced.iter().any(|other| other.id == comment.id);
            let has_place = comment.parent.as_ref().is_none_or(|parent| {
                comment::find(parent).is_some() || announced.iter().any(|other| other.id == *parent)
            });
            if !is_known && has_place && comment.id != own && announced.len() < MAX_ANNOUNCED {
                announced.push(comment.clone());
            }
        }
    }

    fn show_count(&self, island: &CommentsIsland) {
        let count = self.0.borrow().len();
        if count > 0 {
            let shown = js::float(i64::try_from(count).unwrap_or_default());
            dom::set_text(&island.new_comments, &formats::plural(&island.new_comments, shown));
        }
        dom::toggle(&island.new_comments, "hidden", count == 0);
    }
}

/// Fetches the newest threads, because the stream contains only the latest comments.
async fn show(island: Rc<CommentsIsland>, new: Rc<NewComments>) {
    let Some(page) = island.fetch("?limit=100").await else {
        return;
    };
    let mut first = list::insert_threads(&island, &page);
    for comment in new.0.take() {
        if !comment.is_shown() {
            // A reply to an older thread.
            first = first.or(list::insert(&island, &comment));
        }
    }
    new.show_count(&island);
    if let Some(first) = first {
        dom::focus(&first);
    }
}
