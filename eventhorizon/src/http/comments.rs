use std::num::NonZeroUsize;

use horizon_core::{EventId, wire::ThreadsView};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    Answer, Asked, answer,
    read::{self, Form},
    resend::Resend,
};
use crate::{CommentOutcome, NewComment, Problem, ProblemKind, comments::THREADS_A_PAGE};

/// The most threads, or replies of one thread, that one answer holds.
const MAX_LIMIT: usize = 100;

/// Which threads, or which replies of one thread.
#[derive(Deserialize)]
struct Which {
    before: Option<String>,
    thread: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

impl Asked<'_> {
    /// `/comments/{slug}`: a page of threads, a page of replies, or one comment more.
    pub(super) async fn comments(&self, page: &str) -> Answer {
        let slug = self.page(page)?;
        if self.method == Method::POST {
            return self.comment(&slug).await;
        }
        let which: Which = read::query(self.query)?;
        let limit = which.limit()?.unwrap_or(THREADS_A_PAGE);
        let before = query_id("before", which.before.as_deref())?;
        let Some(head) = query_id("thread", which.thread.as_deref())? else {
            return answer::json(&self.horizon.some_threads(&slug, before, limit).await?);
        };
        let after = query_id("after", which.after.as_deref())?;
        let thread = self.horizon.thread(&slug, head, after, limit).await?;
        answer::json(&ThreadsView {
            threads: thread.into_iter().collect(),
            has_earlier: false,
        })
    }

    async fn comment(&self, slug: &horizon_core::Slug) -> Answer {
        let headers = self.caller.headers();
        let key = read::idempotency_key(headers)?;
        let (mut new, kind) = read::either::<NewComment>(headers, &self.body)?;
        let back = match kind {
            Form::Json => None,
            Form::Plain => Some(read::back(new.back.as_deref())?),
        };
        if new.id.as_deref().is_none_or(str::is_empty) {
            new.id = key.map(|key| key.to_string());
        }
        let again = back.as_deref().filter(|_| self.is_for_a_person()).map(|back| {
            if new.id.as_deref().is_none_or(str::is_empty) {
                new.id = self.fresh_id().map(|id| id.to_string());
            }
            Resend::of_comment(&new, back)
        });
        let comment = self.horizon.comment_until(slug, new, self.caller, self.deadline());
        match (comment.await, again) {
            (Ok(comment), _) => posted(comment, back),
            (Err(problem), Some(again)) => again.answer(problem),
            (Err(problem), None) => Err(problem),
        }
    }
}

impl Which {
    fn limit(&self) -> Result<Option<NonZeroUsize>, Problem> {
        let Some(text) = &self.limit else { return Ok(None) };
        let limit = text.parse().ok();
        let limit = limit.filter(|limit: &NonZeroUsize| limit.get() <= MAX_LIMIT);
        let wrong = || wrong("limit", format!("must be a number from 1 to {MAX_LIMIT}."));
        limit.ok_or_else(wrong).map(Some)
    }
}

fn query_id(name: &'static str, text: Option<&str>) -> Result<Option<EventId>, Problem> {
    let id = text.map(str::parse).transpose();
    id.map_err(|error: horizon_core::ParseIdError| wrong(name, format!("is wrong: {error}.")))
}

fn wrong(name: &'static str, reason: String) -> Problem {
    Problem::new(ProblemKind::InvalidQuery).naming(name, reason)
}

/// 201 with the comment, 202 if it waits; a plain form is sent back to where it came from.
fn posted(posted: CommentOutcome, back: Option<String>) -> Answer {
    let CommentOutcome {
        view,
        pending: waits,
        set_cookie,
    } = posted;
    let answer = match back {
        None => {
            let mut answer = answer::json(&view)?;
            *answer.status_mut() = if waits {
                StatusCode::ACCEPTED
            } else {
                StatusCode::CREATED
            };
            answer
        }
        Some(back) => answer::see_other(&match (waits, back.contains('?')) {
            (false, _) => format!("{back}#comment-{}", view.id),
            (true, false) => format!("{back}?comment=waiting#comments"),
            (true, true) => format!("{back}&comment=waiting#comments"),
        }),
    };
    Ok(answer::with_cookie(answer, set_cookie))
}
