//! New comments from others: announced, and shown when the reader asks for them.

use std::{cell::RefCell, rc::Rc};

use reactive_graph::prelude::*;

use super::{Comment, Talk, comment, list};
use crate::browser::{
    dom,
    fetch::{self, Answer},
    live, task,
};

/// The most comments that are announced one by one; more would not change what the reader does.
const MOST: usize = 99;

/// Comments that wait to be asked for, by id and what they answer.
#[derive(Default)]
struct News(RefCell<Vec<Comment>>);

pub(super) fn start(talk: Rc<Talk>) {
    let news = Rc::new(News::default());
    dom::on(&talk.news.clone(), "click", {
        let (talk, news) = (Rc::clone(&talk), Rc::clone(&news));
        move |_| task::spawn(Box::pin(show(Rc::clone(&talk), Rc::clone(&news))))
    });
    let newest = live::latest().comments;
    task::effect(Box::new(move || {
        newest.with(|newest| news.take(&talk, newest));
        news.announce(&talk);
    }));
}

impl News {
    fn take(&self, talk: &Talk, newest: &[Comment]) {
        // The comment that is being sent comes back on the stream too, maybe before the answer.
        let own = talk.value("id");
        let mut waiting = self.0.borrow_mut();
        waiting.retain(|comment| !comment.is_shown());
        // Oldest first, so that a thread comes before what answers it.
        for comment in newest.iter().rev() {
            let is_known = comment.is_shown() || waiting.iter().any(|other| other.id == comment.id);
            let has_place = comment.parent.as_ref().is_none_or(|parent| {
                comment::find(parent).is_some() || waiting.iter().any(|other| other.id == *parent)
            });
            if !is_known && has_place && comment.id != own && waiting.len() < MOST {
                waiting.push(comment.clone());
            }
        }
    }

    fn announce(&self, talk: &Talk) {
        let count = self.0.borrow().len();
        if count > 0 {
            let mut text = count.to_string();
            text.push_str(if count == 1 { " new comment" } else { " new comments" });
            dom::write(&talk.news, &text);
        }
        dom::toggle(&talk.news, "hidden", count == 0);
    }
}

/// Fetches the newest threads, because more may have come than the stream has room for.
async fn show(talk: Rc<Talk>, news: Rc<News>) {
    let url = [&talk.url, "?limit=100"].concat();
    match fetch::send("GET", &url, &[], None).await {
        Some(answer) if answer.status == 200 => {
            let mut first = list::insert_threads(&talk, &answer.body);
            for comment in news.0.take() {
                if !comment.is_shown() {
                    // It answers a thread from before the newest.
                    first = first.or(list::insert(&talk, &comment));
                }
            }
            news.announce(&talk);
            if let Some(first) = first {
                dom::focus(&first);
            }
        }
        refused => talk.say("alert", &Answer::complaint(refused.as_ref())),
    }
}
