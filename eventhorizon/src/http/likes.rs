use http::{Method, Response};
use serde::Deserialize;

use super::{Answer, Asked, Content, answer, read, resend::Resend};
use crate::{LikeOutcome, Problem};

/// What a plain form says.
#[derive(Deserialize)]
struct LikeForm {
    liked: Option<String>,
    id: Option<String>,
    back: Option<String>,
}

impl Asked<'_> {
    /// `/likes/{slug}`: whether the reader likes the page, and says so or the contrary.
    pub(super) async fn likes(&self, page: &str) -> Answer {
        let slug = self.page(page)?;
        let liked = match *self.method {
            Method::PUT => true,
            Method::DELETE => false,
            Method::POST => return self.like_by_form(&slug).await,
            _ => return answer::json(&self.horizon.like_view(&slug, self.caller).await?),
        };
        let key = read::idempotency_key(self.caller.headers())?;
        let LikeOutcome { view, set_cookie, .. } = self.horizon.like(&slug, liked, key, self.caller).await?;
        Ok(answer::with_cookie(answer::json(&view)?, set_cookie))
    }

    /// Either of the two, from a plain form, which is sent back to where it came from.
    async fn like_by_form(&self, slug: &horizon_core::Slug) -> Result<Response<Content>, Problem> {
        let headers = self.caller.headers();
        let form: LikeForm = read::plain(headers, &self.body)?;
        let back = read::back(form.back.as_deref())?;
        let id = read::id("id", form.id.as_deref())?;
        let key = id.map_or_else(|| read::idempotency_key(headers), |id| Ok(Some(id)))?;
        let liked = match form.liked.as_deref() {
            Some("true") => true,
            Some("false") => false,
            _ => return Err(Problem::field("liked", "must be `true` or `false`.")),
        };
        let key = if liked { key.or_else(|| self.fresh_id()) } else { key };
        let like = self.horizon.like_until(slug, liked, key, self.caller, self.deadline());
        match like.await {
            Ok(LikeOutcome { set_cookie, .. }) => Ok(answer::with_cookie(answer::see_other(&back), set_cookie)),
            Err(problem) if self.is_for_a_person() => {
                Resend::of_like(liked, key.map(|key| key.to_string()), &back).answer(problem)
            }
            Err(problem) => Err(problem),
        }
    }
}
