use http::Method;
use serde::Deserialize;

use super::{Handler, HandlerResult, parse, response, retry_form::RetryForm};
use crate::{ExistingPage, LikeOutcome, LikeRequest, Problem};

#[derive(Deserialize)]
struct LikeForm {
    liked: Option<String>,
    id: Option<String>,
    back: Option<String>,
}

impl Handler<'_> {
    /// `/likes/{slug}`
    pub(super) async fn likes(&self, page: &str) -> HandlerResult {
        let page = self.page(page).await?;
        let request = match *self.method {
            Method::PUT => LikeRequest::like(),
            Method::DELETE => LikeRequest::unlike(),
            Method::POST => return self.like_by_form(&page).await,
            _ => {
                let view = self.horizon.like_view_until(&page, self.caller, self.deadline);
                return response::json(&view.await?);
            }
        };
        let request = request.idempotency_key(parse::idempotency_key(self.caller.headers())?);
        let like = self.horizon.like_until(&page, self.caller, request, self.deadline);
        let LikeOutcome { view, set_cookie, .. } = like.await?;
        Ok(response::with_cookie(response::json(&view)?, set_cookie))
    }

    /// Handles a plain form, and redirects back to its page.
    async fn like_by_form(&self, page: &ExistingPage) -> HandlerResult {
        let headers = self.caller.headers();
        let form: LikeForm = parse::form(headers, &self.body)?;
        let back = parse::back(form.back.as_deref())?;
        let key = parse::idempotency_key(headers)?;
        let key = parse::id("id", form.id.as_deref())?.or(key);
        let liked = match form.liked.as_deref() {
            Some("true") => true,
            Some("false") => false,
            _ => return Err(Problem::invalid_field("liked", "must be `true` or `false`.")),
        };
        let key = if liked { key.or_else(|| self.new_id()) } else { key };
        let request = LikeRequest::new(liked).idempotency_key(key);
        let like = self.horizon.like_until(page, self.caller, request, self.deadline);
        match like.await {
            Ok(LikeOutcome { set_cookie, .. }) => Ok(response::with_cookie(response::see_other(&back), set_cookie)),
            Err(problem) if self.wants_page() => RetryForm::like(liked, key, &back).response(problem),
            Err(problem) => Err(problem),
        }
    }
}
