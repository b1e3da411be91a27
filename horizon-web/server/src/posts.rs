//! `/blog/{slug}`: a post with its numbers and comments.

use std::{num::NonZeroUsize, sync::Arc};

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
use eventhorizon::{PageReads, Paging, http::if_none_match};
use horizon_app::{PostPage, SeriesPart, SlotValues, View};
use horizon_axum::Requester;
use horizon_core::{Error, EventId, Result, wire::ThreadsView};
use horizon_posts::{Library, Post};
use serde::Deserialize;

use crate::{etag, preview, rendered_page::RenderedPage, respond, state::AppState, stats_cache::PageSnapshot};

/// The maximum number of replies on a page with one thread.
const REPLIES_PER_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/blog/{slug}", get(post))
}

/// The query parameters of a post.
#[derive(Debug, Default, Deserialize)]
struct PostQuery {
    reply: Option<String>,
    comment: Option<String>,
    before: Option<String>,
    thread: Option<String>,
    after: Option<String>,
}

impl PostQuery {
    /// Returns whether the page is the same as without parameters.
    fn is_empty(&self) -> bool {
        self.reply.is_none() && self.comment.is_none() && self.before.is_none() && self.thread.is_none()
    }
}

/// A request for a post.
struct PostRequest {
    app: AppState,
    reads: PageReads,
    library: Arc<Library>,
    post: Arc<Post>,
    parts: Parts,
}

async fn post(
    State(app): State<AppState>,
    slug: Result<Path<String>, PathRejection>,
    query: Result<Query<PostQuery>, QueryRejection>,
    request: Request,
) -> Response {
    let reads = app.horizon.page_reads();
    let library = app.library();
    let slug = slug.map_or_else(|_| String::new(), |Path(slug)| slug);
    let Some(post) = library.post(&slug).cloned() else {
        let post = library.preview(&slug).cloned();
        let view = post.map(|post| View::Post(Box::new(PostPage::new(post, None))));
        return preview::respond(&app, request.headers(), view).await;
    };
    let Query(query) = query.unwrap_or_default();
    let mut request = PostRequest {
        app,
        reads,
        library,
        post,
        parts: request.into_parts().0,
    };
    let response = if query.is_empty() {
        request.cached_page().await
    } else {
        request.page_for_query(&query).await
    };
    match response {
        Ok(response) => response,
        Err(error) => respond::unavailable(&request.app, &error).await,
    }
}

impl PostRequest {
    /// Responds with the newest comments, from the cache.
    async fn cached_page(&mut self) -> Result<Response> {
        let snapshot = self.snapshot().await;
        let (page, has_current_comments) = {
            let threads = || self.reads.threads_snapshot(&self.post.slug);
            let render = |comments| self.render(comments);
            let version = self.library.digest();
            let cache = &self.app.page_cache;
            cache.get(&self.post.slug, version, &snapshot, threads, render).await?
        };
        let values = self.values(&snapshot).await?;
        let headers = &self.parts.headers;
        if !(has_current_comments && snapshot.is_current && self.reads.is_current()) {
            return Ok(respond::no_store_unless(false, page.respond(&values, headers)));
        }
        if !self.app.stats.is_accumulator() {
            return Ok(page.respond(&values, headers));
        }
        let state = state(&page, &snapshot, &values);
        if let Some(id) = self.cached_form_id(&state).await {
            let tag = etag::weak(&format!("{state}.{id}"));
            return Ok((StatusCode::NOT_MODIFIED, page.headers(), tag, ()).into_response());
        }
        let tag = etag::weak(&format!("{state}.{}", values.comment_id));
        Ok((tag, page.respond(&values, headers)).into_response())
    }

    /// Responds with the comments that the query selects.
    async fn page_for_query(&mut self, query: &PostQuery) -> Result<Response> {
        let id = |text: &Option<String>| text.as_ref().and_then(|id| id.parse().ok());
        let (before, thread) = (id(&query.before), id(&query.thread));
        let snapshot = self.snapshot().await;
        let (slug, reads) = (&self.post.slug, &self.reads);
        let comments = match (thread, before) {
            // Only the newest threads are known without the store.
            (Some(_), _) | (None, Some(_)) if !snapshot.is_current => None,
            (Some(head), _) => self.one_thread(head, id(&query.after)).await.ok(),
            (None, Some(_)) => reads.threads(slug, Paging::default().cursor(before)).await.ok(),
            (None, None) => reads.threads_snapshot(slug).await.map(|known| known.view),
        };
        let is_current = comments.is_some() && snapshot.is_current;
        let page = PostPage {
            before,
            is_one_thread: thread.is_some(),
            reply_to: id(&query.reply),
            is_pending: query.comment.as_deref() == Some("waiting"),
            ..self.page(comments)
        };
        let values = self.values(&snapshot).await?;
        let response = respond::render(&self.app, View::Post(Box::new(page)), &values).await;
        // A failed read and last known comments make `reads` not current.
        Ok(respond::no_store_unless(
            is_current && self.reads.is_current(),
            response,
        ))
    }

    async fn snapshot(&self) -> PageSnapshot {
        let Self { app, reads, post, .. } = self;
        app.stats.snapshot(&app.horizon, reads, &post.slug).await
    }

    /// Reads a thread with its replies after one of them.
    async fn one_thread(&self, head: EventId, after: Option<EventId>) -> Result<ThreadsView> {
        let thread = self
            .reads
            .thread(
                &self.post.slug,
                head,
                Paging::default().cursor(after).limit(REPLIES_PER_PAGE),
            )
            .await?;
        Ok(ThreadsView {
            threads: thread.into_iter().collect(),
            has_earlier: false,
        })
    }

    fn page(&self, comments: Option<ThreadsView>) -> PostPage {
        let (older, newer) = self.library.neighbours(self.post.slug.as_str());
        let series = self.library.series_part(&self.post).map(|(series, part)| SeriesPart {
            series: series.series.clone(),
            posts: series.posts.clone(),
            part,
        });
        PostPage {
            series,
            older: older.cloned(),
            newer: newer.cloned(),
            translations: self.library.translations(&self.post),
            ..PostPage::new(self.post.clone(), comments)
        }
    }

    async fn render(&self, comments: Option<ThreadsView>) -> Result<Arc<RenderedPage>> {
        let site = self.app.site(&self.library);
        let view = View::Post(Box::new(self.page(comments)));
        let template = respond::template(&self.app, &site, view).await?;
        match tokio::task::spawn_blocking(move || RenderedPage::new(template)).await {
            Ok(Ok(page)) => Ok(Arc::new(page)),
            Ok(Err(error)) => Err(Error::permanent("the policy of a page is not a header value").with_source(error)),
            Err(error) => Err(Error::permanent("rendering a page failed").with_source(error)),
        }
    }

    async fn values(&mut self, snapshot: &PageSnapshot) -> Result<SlotValues> {
        Ok(SlotValues {
            page: snapshot.page.clone(),
            site: snapshot.site.clone(),
            liked: self.is_liked().await.unwrap_or(false),
            like_id: self.app.new_event_id()?,
            comment_id: self.app.new_event_id()?,
        })
    }

    /// Returns whether this reader likes the post, if it is known. A reader without a cookie has no likes.
    async fn is_liked(&mut self) -> Option<bool> {
        if !self.parts.headers.contains_key(header::COOKIE) {
            return Some(false);
        }
        let Ok(Requester(caller)) = Requester::from_request_parts(&mut self.parts, &self.app).await;
        self.reads.is_liked_by(&self.post.slug, &caller).await
    }

    /// Returns the id of the comment form in the browser's cached page, if that page has this state and the id is
    /// unused.
    ///
    /// The store rejects a second comment with the same id. A reader whose first comment is pending would otherwise
    /// keep a page with its id. An old id in the like form is harmless.
    async fn cached_form_id(&self, state: &str) -> Option<EventId> {
        let headers: &HeaderMap = &self.parts.headers;
        let mut ids = if_none_match(headers)
            .filter_map(|tag| tag.strip_prefix(state)?.strip_prefix('.')?.parse::<EventId>().ok());
        let id = ids.next()?;
        match self.reads.comment(id).await {
            Ok(comment) => comment.is_none().then_some(id),
            Err(error) => {
                tracing::warn!(%error, "cannot check for a comment, so the page is sent again");
                None
            }
        }
    }
}

/// Returns everything that a reader can see on the page, for its `ETag`.
fn state(page: &RenderedPage, snapshot: &PageSnapshot, values: &SlotValues) -> String {
    let digest = page.digest();
    let (page, site) = (
        snapshot.page.clone().unwrap_or_default(),
        snapshot.site.clone().unwrap_or_default(),
    );
    format!(
        "{digest}-{}-{}-{}-{}-{}-{}-{}",
        page.viewers,
        page.visits,
        page.likes,
        page.comments,
        site.viewers,
        site.visits,
        u8::from(values.liked)
    )
}
