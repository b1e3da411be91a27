//! `/blog/{slug}`: a post with its numbers and its comments.

use std::num::NonZeroUsize;

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
use eventhorizon::{Paging, ReadSession};
use horizon_app::{Page, PostPage, Values};
use horizon_axum::Requester;
use horizon_core::{EventId, Result, wire::ThreadsView};
use horizon_posts::{Library, Post};
use serde::Deserialize;

use crate::{
    assets::takes_brotli,
    counts::Now,
    etag,
    pages::{lay_out, marked, not_found, sorry},
    sheet::Sheet,
    show,
    state::App,
};

/// The most replies that a page with one thread shows.
const REPLIES_A_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

pub(crate) fn router() -> Router<App> {
    Router::new().route("/blog/{slug}", get(post))
}

/// What an address may ask of the comments.
#[derive(Debug, Default, Deserialize)]
struct Talk {
    reply: Option<String>,
    comment: Option<String>,
    before: Option<String>,
    thread: Option<String>,
    after: Option<String>,
}

impl Talk {
    /// Whether the page is the one that most readers get.
    fn is_usual(&self) -> bool {
        self.reply.is_none() && self.comment.is_none() && self.before.is_none() && self.thread.is_none()
    }
}

async fn post(
    State(app): State<App>,
    slug: Result<Path<String>, PathRejection>,
    talk: Result<Query<Talk>, QueryRejection>,
    request: Request,
) -> Response {
    let reads = app.horizon.read_session();
    let library = app.library();
    let Some(post) = slug.ok().and_then(|Path(slug)| library.post(&slug).cloned()) else {
        return not_found(&app).await;
    };
    let Query(talk) = talk.unwrap_or_default();
    let (mut parts, _) = request.into_parts();
    let answer = if talk.is_usual() {
        usual(&app, &reads, &post, &mut parts).await
    } else {
        let asked = Asked {
            app: &app,
            library: &library,
            post: &post,
            talk: &talk,
        };
        asked_for(&asked, &reads, &mut parts).await
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => sorry(&app, &error).await,
    }
}

/// The page with the newest comments, from memory.
async fn usual(app: &App, reads: &ReadSession, post: &Post, request: &mut Parts) -> Result<Response> {
    let now = app.counts.now(&app.horizon, reads, &post.slug).await;
    let (sheet, has_current_comments) = app.kept.sheet(app, reads, post, &now).await?;
    let likes = likes(app, reads, post, request).await;
    let values = values(app, &now, likes)?;
    let headers = &request.headers;
    if !(has_current_comments && now.is_current && reads.is_current()) {
        return Ok(marked(sheet.answer(&values, takes_brotli(headers)), false));
    }
    if !app.counts.is_counting() {
        return Ok(sheet.answer(&values, takes_brotli(headers)));
    }
    let state = state(&sheet, &now, &values);
    if let Some(id) = known(reads, &state, headers).await {
        let tag = etag::weak(&format!("{state}.{id}"));
        return Ok((StatusCode::NOT_MODIFIED, sheet.fields(), tag, ()).into_response());
    }
    let tag = etag::weak(&format!("{state}.{}", values.comment_id));
    Ok((tag, sheet.answer(&values, takes_brotli(headers))).into_response())
}

/// All that a reader can see on the page, in a word.
fn state(sheet: &Sheet, now: &Now, values: &Values) -> String {
    let (page, site) = (now.numbers.unwrap_or_default(), now.totals.unwrap_or_default());
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
async fn known(reads: &ReadSession, state: &str, headers: &HeaderMap) -> Option<EventId> {
    let copies = etag::known(headers).filter_map(|tag| tag.strip_prefix(state)?.strip_prefix('.')?.parse().ok());
    let id = copies.take(1).next()?;
    match reads.comment(id).await {
        Ok(None) => Some(id),
        Ok(Some(_)) => None,
        Err(error) => {
            tracing::warn!(%error, "whether a comment is there cannot be read, so the page is sent again");
            None
        }
    }
}

/// A post, and what the address asks of its comments.
struct Asked<'a> {
    app: &'a App,
    library: &'a Library,
    post: &'a Post,
    talk: &'a Talk,
}

/// The page with what the address asks for, rendered for this answer.
async fn asked_for(asked: &Asked<'_>, reads: &ReadSession, request: &mut Parts) -> Result<Response> {
    let Asked {
        app,
        library,
        post,
        talk,
    } = *asked;
    let id = |text: &Option<String>| text.as_ref().and_then(|id| id.parse().ok());
    let before = id(&talk.before);
    let now = app.counts.now(&app.horizon, reads, &post.slug).await;
    let thread = id(&talk.thread);
    let (comments, has_current_comments) = match (thread, before) {
        // Only the newest are known without the store.
        (Some(_), _) | (None, Some(_)) if !now.is_current => (None, false),
        (Some(head), _) => read_now(one_thread(reads, post, head, id(&talk.after)).await),
        (None, Some(_)) => read_now(reads.threads(&post.slug, Paging::default().cursor(before)).await),
        (None, None) => match reads.threads_snapshot(&post.slug).await {
            Some(known) => (Some(known.view), known.is_current),
            None => (None, false),
        },
    };
    let page = PostPage {
        before,
        is_one_thread: thread.is_some(),
        reply_to: id(&talk.reply),
        is_waiting: talk.comment.as_deref() == Some("waiting"),
        ..page(library, post, comments)
    };
    let likes = likes(app, reads, post, request).await;
    let values = values(app, &now, likes)?;
    let is_current = has_current_comments && now.is_current && reads.is_current();
    Ok(marked(
        lay_out(app, Page::Post(Box::new(page)), &values).await,
        is_current,
    ))
}

/// What the store answered, and whether it did.
fn read_now(comments: Result<ThreadsView>) -> (Option<ThreadsView>, bool) {
    let is_current = comments.is_ok();
    (comments.ok(), is_current)
}

/// The thread with this head, and its replies after one of them.
async fn one_thread(reads: &ReadSession, post: &Post, head: EventId, after: Option<EventId>) -> Result<ThreadsView> {
    let thread = reads
        .thread(&post.slug, head, Paging::default().cursor(after).limit(REPLIES_A_PAGE))
        .await?;
    Ok(ThreadsView {
        threads: thread.into_iter().collect(),
        has_earlier: false,
    })
}

/// The post as it is for most readers. Without comments it says that they cannot be shown.
pub(crate) fn page(library: &Library, post: &Post, comments: Option<ThreadsView>) -> PostPage {
    let (older, newer) = library.neighbours(post.slug.as_str());
    PostPage {
        post: show::head(post),
        html: post.html().to_owned(),
        toc: show::toc(post),
        older: older.map(show::link),
        newer: newer.map(show::link),
        has_unknown_comments: comments.is_none(),
        comments: comments.unwrap_or_default(),
        before: None,
        is_one_thread: false,
        reply_to: None,
        is_waiting: false,
    }
}

fn values(app: &App, now: &Now, likes: Option<bool>) -> Result<Values> {
    Ok(Values {
        numbers: now.numbers,
        totals: now.totals,
        liked: likes.unwrap_or(false),
        like_id: app.fresh_id()?,
        comment_id: app.fresh_id()?,
    })
}

/// Whether this reader likes the post, if it is known. A reader without a cookie never said so.
async fn likes(app: &App, reads: &ReadSession, post: &Post, request: &mut Parts) -> Option<bool> {
    if !request.headers.contains_key(header::COOKIE) {
        return Some(false);
    }
    let Ok(Requester(caller)) = Requester::from_request_parts(request, app).await;
    reads.is_liked_by(&post.slug, &caller).await
}
