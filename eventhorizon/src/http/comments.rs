use std::num::NonZeroUsize;

use horizon_core::{EventId, wire::ThreadsView};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    Handler, HandlerResult,
    parse::{self, BodyKind},
    response,
    retry_form::RetryForm,
};
use crate::{CommentOutcome, ExistingPage, NewComment, Paging, Problem, ProblemKind};

/// The largest number of threads or replies in one response.
const MAX_LIMIT: usize = 100;

#[derive(Deserialize)]
struct ThreadsQuery {
    before: Option<String>,
    thread: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

#[derive(Deserialize)]
struct CommentForm {
    id: Option<String>,
    body: Option<String>,
    author: Option<String>,
    parent: Option<String>,
    /// A honeypot: people do not see the field, but bots fill it in.
    website: Option<String>,
    /// Where to redirect to.
    back: Option<String>,
}

impl Handler<'_> {
    /// `/comments/{slug}`
    pub(super) async fn comments(&self, page: &str) -> HandlerResult {
        let page = self.page(page).await?;
        if self.method == Method::POST {
            return self.post_comment(&page).await;
        }
        let query: ThreadsQuery = parse::query(self.query)?;
        let paging = query.paging()?;
        let before = query_id("before", query.before.as_deref())?;
        let after = query_id("after", query.after.as_deref())?;
        let Some(head) = query_id("thread", query.thread.as_deref())? else {
            return response::json(&self.horizon.threads(&page, paging.cursor(before)).await?);
        };
        let thread = self.horizon.thread(&page, head, paging.cursor(after)).await?;
        response::json(&ThreadsView {
            threads: thread.into_iter().collect(),
            has_earlier: false,
        })
    }

    async fn post_comment(&self, page: &ExistingPage) -> HandlerResult {
        let headers = self.caller.headers();
        let key = parse::idempotency_key(headers)?;
        let (form, kind) = parse::json_or_form::<CommentForm>(headers, &self.body)?;
        let back = match kind {
            BodyKind::Json => None,
            BodyKind::Form => Some(parse::back(form.back.as_deref())?),
        };
        let is_bot = form.website.as_ref().is_some_and(|website| !website.is_empty());
        let mut new = form.into_comment(key)?;
        if is_bot {
            tracing::debug!(
                slug = page.as_str(),
                "dropped a comment whose honeypot field is filled in"
            );
            let preview = self.horizon.preview_comment(page, &new, self.caller, self.deadline);
            return created(preview.await?, back);
        }
        let retry_form = back.as_deref().filter(|_| self.wants_page()).map(|back| {
            new.id = new.id.or_else(|| self.new_id());
            RetryForm::comment(&new, back)
        });
        let comment = self.horizon.comment_until(page, new, self.caller, self.deadline);
        match (comment.await, retry_form) {
            (Ok(comment), _) => created(comment, back),
            (Err(problem), Some(retry_form)) => retry_form.response(problem),
            (Err(problem), None) => Err(problem),
        }
    }
}

impl CommentForm {
    fn into_comment(self, key: Option<EventId>) -> Result<NewComment, Problem> {
        let mut new = NewComment::new(self.author.unwrap_or_default(), self.body.unwrap_or_default());
        new.id = parse::id("id", self.id.as_deref())?.or(key);
        new.parent = parse::id("parent", self.parent.as_deref())?;
        Ok(new)
    }
}

impl ThreadsQuery {
    fn paging(&self) -> Result<Paging, Problem> {
        let Some(text) = &self.limit else {
            return Ok(Paging::default());
        };
        let limit = text.parse().ok();
        let limit = limit.filter(|limit: &NonZeroUsize| limit.get() <= MAX_LIMIT);
        let invalid = || invalid_query("limit", format!("must be a number from 1 to {MAX_LIMIT}."));
        Ok(Paging::default().limit(limit.ok_or_else(invalid)?))
    }
}

fn query_id(name: &'static str, text: Option<&str>) -> Result<Option<EventId>, Problem> {
    let id = text.map(str::parse).transpose();
    id.map_err(|error: horizon_core::ParseIdError| invalid_query(name, format!("is invalid: {error}.")))
}

fn invalid_query(name: &'static str, reason: String) -> Problem {
    Problem::new(ProblemKind::InvalidQuery).field(name, reason)
}

/// Returns 201 with the comment, 202 if it is pending, or a redirect for a plain form.
fn created(outcome: CommentOutcome, back: Option<String>) -> HandlerResult {
    let CommentOutcome {
        view,
        pending,
        set_cookie,
    } = outcome;
    let response = match back {
        None => {
            let mut response = response::json(&view)?;
            *response.status_mut() = if pending {
                StatusCode::ACCEPTED
            } else {
                StatusCode::CREATED
            };
            response
        }
        Some(back) => response::see_other(&match (pending, back.contains('?')) {
            (false, _) => format!("{back}#comment-{}", view.id),
            (true, false) => format!("{back}?comment=waiting#comments"),
            (true, true) => format!("{back}&comment=waiting#comments"),
        }),
    };
    Ok(response::with_cookie(response, set_cookie))
}
