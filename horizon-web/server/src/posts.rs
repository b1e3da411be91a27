//! `/blog/{slug}`: a post with its numbers and its comments.

use axum::{
    Router,
    extract::{
        FromRequestParts, Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use horizon_app::{Page, PostPage, Values};
use horizon_axum::Requester;
use horizon_core::{EventId, Result, live::ThreadsView};
use horizon_posts::{Library, Post};
use serde::Deserialize;

use crate::{
    assets::takes_brotli,
    counts::Now,
    etag,
    pages::{lay_out, not_found, sorry},
    sheet::Sheet,
    show,
    state::App,
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/blog/{slug}", get(post))
}

/// What an address may ask of the comments.
#[derive(Debug, Default, Deserialize)]
struct Talk {
    reply: Option<String>,
    comment: Option<String>,
    before: Option<String>,
}

impl Talk {
    /// Whether the page is the one that most readers get.
    fn is_usual(&self) -> bool {
        self.reply.is_none() && self.comment.is_none() && self.before.is_none()
    }
}

async fn post(
    State(app): State<App>,
    slug: Result<Path<String>, PathRejection>,
    talk: Result<Query<Talk>, QueryRejection>,
    request: Request,
) -> Response {
    let library = app.library();
    let Some(post) = slug.ok().and_then(|Path(slug)| library.post(&slug).cloned()) else {
        return not_found(&app).await;
    };
    let Query(talk) = talk.unwrap_or_default();
    let (mut parts, _) = request.into_parts();
    let answer = if talk.is_usual() {
        usual(&app, &post, &mut parts).await
    } else {
        asked_for(&app, &library, &post, &talk, &mut parts).await
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => sorry(&app, &error).await,
    }
}

/// The page with the newest comments, from memory.
async fn usual(app: &App, post: &Post, request: &mut Parts) -> Result<Response> {
    let now = app.counts.now(&app.horizon, &post.slug).await?;
    let sheet = app.kept.sheet(app, post, now.comments).await?;
    let values = values(app, post, now, request).await?;
    let headers = &request.headers;
    if !app.counts.is_counting() {
        return Ok(sheet.answer(&values, takes_brotli(headers)));
    }
    let state = state(&sheet, &values);
    if let Some(id) = known(app, &state, headers).await {
        let tag = etag::weak(&format!("{state}.{id}"));
        return Ok((StatusCode::NOT_MODIFIED, sheet.fields(), tag, ()).into_response());
    }
    let tag = etag::weak(&format!("{state}.{}", values.comment_id));
    Ok((tag, sheet.answer(&values, takes_brotli(headers))).into_response())
}

/// All that a reader can see on the page, in a word.
fn state(sheet: &Sheet, values: &Values) -> String {
    let (page, site) = (values.numbers, values.totals);
    format!(
        "{}-{}-{}-{}-{}-{}-{}-{}",
        sheet.digest(),
        page.viewers,
        page.visits,
        page.likes,
        page.comments,
        site.viewers,
        site.visits,
        u8::from(values.liked)
    )
}

/// The id of the comment form in the copy that the browser has, if it has one in this state that still works.
///
/// An id names one comment. A reader whose first comment waits for the author would find a copy with its id in the
/// form, and the next comment would be refused. An old id of the like form does no harm.
async fn known(app: &App, state: &str, headers: &HeaderMap) -> Option<EventId> {
    let copies = etag::known(headers).filter_map(|tag| tag.strip_prefix(state)?.strip_prefix('.')?.parse().ok());
    let id = copies.take(1).next()?;
    match app.horizon.ports().comments.comment(id).await {
        Ok(None) => Some(id),
        Ok(Some(_)) => None,
        Err(error) => {
            tracing::warn!(%error, "whether a comment is there cannot be read, so the page is sent again");
            None
        }
    }
}

/// The page with what the address asks for, rendered for this answer.
async fn asked_for(app: &App, library: &Library, post: &Post, talk: &Talk, request: &mut Parts) -> Result<Response> {
    let id = |text: &Option<String>| text.as_ref().and_then(|id| id.parse().ok());
    let before = id(&talk.before);
    let now = app.counts.now(&app.horizon, &post.slug).await?;
    let comments = app.horizon.threads(&post.slug, before).await?;
    let page = PostPage {
        before,
        reply_to: id(&talk.reply),
        is_waiting: talk.comment.as_deref() == Some("waiting"),
        ..page(library, post, comments)
    };
    let values = values(app, post, now, request).await?;
    Ok(lay_out(app, Page::Post(Box::new(page)), &values).await)
}

/// The post as it is for most readers.
pub(crate) fn page(library: &Library, post: &Post, comments: ThreadsView) -> PostPage {
    let (older, newer) = library.neighbours(post.slug.as_str());
    PostPage {
        post: show::head(post),
        html: post.html().to_owned(),
        toc: show::toc(post),
        older: older.map(show::link),
        newer: newer.map(show::link),
        comments,
        before: None,
        reply_to: None,
        is_waiting: false,
    }
}

async fn values(app: &App, post: &Post, now: Now, request: &mut Parts) -> Result<Values> {
    Ok(Values {
        numbers: now.numbers,
        totals: now.totals,
        liked: likes(app, post, request).await?,
        like_id: app.fresh_id()?,
        comment_id: app.fresh_id()?,
    })
}

/// Whether this reader likes the post. Who has no cookie never said so.
async fn likes(app: &App, post: &Post, request: &mut Parts) -> Result<bool> {
    if !request.headers.contains_key(header::COOKIE) {
        return Ok(false);
    }
    let Ok(Requester(caller)) = Requester::from_request_parts(request, app).await;
    app.horizon.likes(&post.slug, &caller).await
}
