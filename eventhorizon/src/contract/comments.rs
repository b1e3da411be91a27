use std::num::NonZeroUsize;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    Answer, Asked, answer,
    read::{self, Form},
};
use crate::{NewComment, Posted, Problem, ProblemKind};

/// The most threads that one answer holds.
const MAX_LIMIT: usize = 100;

/// Which threads.
#[derive(Deserialize)]
struct Which {
    before: Option<String>,
    limit: Option<String>,
}

impl Asked<'_> {
    /// `/comments/{slug}`: a page of threads, or one comment more.
    pub(super) async fn comments(&self, page: &str) -> Answer {
        let slug = self.page(page)?;
        if self.method == Method::POST {
            return self.comment(&slug).await;
        }
        let which: Which = read::query(self.query)?;
        let wrong = |name, reason: String| Problem::new(ProblemKind::InvalidQuery).naming(name, reason);
        let before = which.before.map(|text| text.parse()).transpose();
        let before =
            before.map_err(|error: horizon_core::ParseIdError| wrong("before", format!("is wrong: {error}.")))?;
        let threads = match which.limit.as_deref() {
            None => self.horizon.threads(&slug, before).await?,
            Some(text) => {
                let limit = text
                    .parse()
                    .ok()
                    .filter(|limit: &NonZeroUsize| limit.get() <= MAX_LIMIT);
                let limit = limit.ok_or_else(|| wrong("limit", format!("must be a number from 1 to {MAX_LIMIT}.")))?;
                self.horizon.some_threads(&slug, before, limit).await?
            }
        };
        answer::json(&threads)
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
        posted(self.horizon.comment(slug, new, self.caller).await?, back)
    }
}

/// 201 with the comment, 202 if it waits; a plain form is sent back to where it came from.
fn posted(posted: Posted, back: Option<String>) -> Answer {
    let Posted {
        view,
        waits,
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
