use std::num::NonZeroUsize;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use axum_extra::extract::SignedCookieJar;
use horizon_core::{
    Comment, Draft, Event, EventKind, MAX_REPLIES, ReaderId, Slug, Stamp, Topic, Visibility, live::ThreadsView,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{
    ClientAddr, Horizon, Moderation, dice,
    extract::{self, Asked, Form, Page},
    horizon::THREADS_A_PAGE,
    problem::{Kind, Problem},
    render,
};

/// The most threads that one answer holds.
const MAX_LIMIT: usize = 100;

/// Which threads.
#[derive(Deserialize)]
pub(super) struct Which {
    before: Option<String>,
    limit: Option<String>,
}

/// What a reader sends.
#[derive(Deserialize)]
struct CommentForm {
    id: Option<String>,
    body: Option<String>,
    author: Option<String>,
    parent: Option<String>,
    back: Option<String>,
    /// A field that no person sees and only a machine fills in.
    website: Option<String>,
}

/// `GET /comments/{slug}`: a page of threads.
pub(super) async fn list(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Asked(which): Asked<Which>,
) -> Result<Json<ThreadsView>, Problem> {
    let wrong = |name, reason: String| Problem::new(Kind::InvalidQuery).naming(name, reason);
    let before = which.before.map(|text| text.parse()).transpose();
    let before = before.map_err(|error: horizon_core::ParseIdError| wrong("before", format!("is wrong: {error}.")))?;
    let limit = match which.limit.as_deref() {
        None => THREADS_A_PAGE,
        Some(text) => {
            let limit = text
                .parse()
                .ok()
                .filter(|limit: &NonZeroUsize| limit.get() <= MAX_LIMIT);
            limit.ok_or_else(|| wrong("limit", format!("must be a number from 1 to {MAX_LIMIT}.")))?
        }
    };
    let page = horizon.0.ports.comments.threads(&slug, before, limit).await?;
    Ok(Json(render::threads(&page).await))
}

/// `POST /comments/{slug}`: a reader comments.
pub(super) async fn post(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let sent = Sent::read(request).await?;
    let jar = horizon.jar(&headers);
    let written = sent.written(&horizon, slug);
    if sent.is_trapped {
        tracing::debug!(slug = %written.slug, "a comment fell into the honeypot");
        return Ok(sent.answer(jar, &written));
    }
    if let Some(stored) = horizon.0.ports.comments.comment(written.id).await? {
        is_same(&stored, &written)?;
        return Ok(sent.answer(jar, &stored));
    }
    check_parent(&horizon, &written).await?;
    // Last, so that a mistake that is mended, or a repeat, costs the reader nothing of their share.
    let (limiters, metrics) = (&horizon.0.limiters, &horizon.0.metrics);
    limiters.check_comment(written.id, address, metrics)?;
    let (jar, stored) = store(&horizon, jar, &headers, &sent.draft, written).await?;
    Ok(sent.answer(jar, &stored))
}

/// What a reader sent, checked.
struct Sent {
    stamp: Stamp,
    draft: Draft,
    /// Whether the honeypot's field was filled in.
    is_trapped: bool,
    /// Where a plain form goes back to; nothing if it came as JSON.
    back: Option<String>,
}

impl Sent {
    async fn read(request: Request) -> Result<Self, Problem> {
        let key = extract::idempotency_key(request.headers())?;
        let (form, kind) = extract::either::<CommentForm>(request).await?;
        let back = match kind {
            Form::Json => None,
            Form::Plain => Some(extract::back(form.back.as_deref())?),
        };
        let stamp = match extract::id("id", form.id.as_deref())?.or(key) {
            Some(id) => Stamp { id, at: dice::now() },
            None => dice::stamp()?,
        };
        let parent = extract::id("parent", form.parent.as_deref())?;
        let (author, body) = (form.author.unwrap_or_default(), form.body.unwrap_or_default());
        let draft = Draft::new(&author, &body, parent)
            .map_err(|invalid| Problem::field(invalid.field, format!("{}.", invalid.reason)))?;
        Ok(Self {
            stamp,
            draft,
            is_trapped: form.website.is_some_and(|website| !website.is_empty()),
            back,
        })
    }

    /// The comment as it will be, but for its owner.
    fn written(&self, horizon: &Horizon, slug: Slug) -> Comment {
        Comment {
            id: self.stamp.id,
            slug,
            parent: self.draft.parent(),
            reader: ReaderId::from_u128(0),
            author: self.draft.author().into(),
            body: self.draft.body().into(),
            at: self.stamp.at,
            visibility: match horizon.0.config.moderation {
                Moderation::After => Visibility::Shown,
                Moderation::First => Visibility::Waiting,
            },
        }
    }

    /// 201 with the comment, 202 if it waits; a plain form is sent back to where it came from.
    fn answer(&self, jar: SignedCookieJar, comment: &Comment) -> Response {
        let waits = comment.visibility == Visibility::Waiting;
        let Some(back) = &self.back else {
            let status = if waits {
                StatusCode::ACCEPTED
            } else {
                StatusCode::CREATED
            };
            return (status, jar, Json(render::comment(comment))).into_response();
        };
        let location = match (waits, back.contains('?')) {
            (false, _) => format!("{back}#comment-{}", comment.id),
            (true, false) => format!("{back}?comment=waiting#comments"),
            (true, true) => format!("{back}&comment=waiting#comments"),
        };
        (StatusCode::SEE_OTHER, jar, [(header::LOCATION, location)]).into_response()
    }
}

/// Whether the comment that has this id already is the one that was sent again.
fn is_same(stored: &Comment, written: &Comment) -> Result<(), Problem> {
    if stored.slug == written.slug && stored.body == written.body {
        return Ok(());
    }
    Err(Problem::new(Kind::IdTaken).naming("id", "belongs to another comment."))
}

async fn check_parent(horizon: &Horizon, written: &Comment) -> Result<(), Problem> {
    let Some(id) = written.parent else { return Ok(()) };
    let comments = &horizon.0.ports.comments;
    let wrong = |reason: String| Err(Problem::field("parent", reason));
    let Some(parent) = comments.comment(id).await? else {
        return wrong("must be a comment of this page.".into());
    };
    if parent.slug != written.slug || parent.visibility != Visibility::Shown {
        return wrong("must be a comment of this page.".into());
    }
    if parent.parent.is_some() {
        return wrong("must be a comment that is no reply itself.".into());
    }
    if comments.replies(id).await? >= MAX_REPLIES {
        return wrong(format!("has {MAX_REPLIES} replies, and takes no more."));
    }
    Ok(())
}

/// Hands the comment to the pipe. Answers it as it is stored, as far as the store has heard of it.
///
/// Two requests with one id may come here at once; the store keeps the first, and the other one
/// finds out by reading it.
async fn store(
    horizon: &Horizon,
    jar: SignedCookieJar,
    headers: &HeaderMap,
    draft: &Draft,
    written: Comment,
) -> Result<(SignedCookieJar, Comment), Problem> {
    let topic = Topic::from(written.slug.clone());
    // The id of a comment is public, so no reader is derived from it as a like's is from its key.
    let (jar, reader) = match horizon.reader(headers) {
        Some(reader) => (jar, reader),
        None => horizon.new_reader(jar, None, &topic)?,
    };
    let (id, at) = (written.id, written.at);
    let kind = EventKind::Comment {
        reader,
        draft: draft.clone(),
        held: written.visibility == Visibility::Waiting,
    };
    horizon.track(Event::new(Stamp { id, at }, topic, kind)).await?;
    match horizon.0.ports.comments.comment(id).await {
        Ok(Some(stored)) => {
            is_same(&stored, &written)?;
            Ok((jar, stored))
        }
        Ok(None) => Ok((jar, written)),
        Err(error) => {
            tracing::warn!(%error, "a comment was taken, but could not be read back");
            Ok((jar, written))
        }
    }
}
