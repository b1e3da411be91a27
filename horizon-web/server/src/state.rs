//! The state that request handlers share.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use eventhorizon::{Horizon, PageReads, StatsSnapshot};
use horizon_app::{Link, Site};
use horizon_backend::{now, random_bytes};
use horizon_core::{EventId, Result, Timestamp, Topic, presence::NodeId};
use horizon_pictures::PictureStore;
use horizon_posts::{Library, MarkdownPage};
use tokio::sync::watch;

use crate::{
    assets::Assets, feeds::FeedCache, login_limiter::LoginLimiter, page_cache::PageCache, search::Search,
    session::Sessions, stats_cache::StatsCache,
};

/// The shared state. Clones refer to the same state.
#[derive(Clone)]
pub(crate) struct AppState(Arc<AppParts>);

pub(crate) struct AppParts {
    pub(crate) horizon: Horizon,
    pub(crate) node: NodeIdentity,
    pub(crate) library: watch::Receiver<Arc<Library>>,
    pub(crate) pictures: Arc<PictureStore>,
    /// Without the links to Markdown pages.
    pub(crate) site: Site,
    /// Whether readers use HTTPS.
    pub(crate) is_https: bool,
    pub(crate) feeds: FeedCache,
    pub(crate) assets: Assets,
    pub(crate) sessions: Option<Arc<Sessions>>,
    pub(crate) login_limiter: LoginLimiter,
    /// Whether a token of its own reads the reports.
    pub(crate) has_reports_token: bool,
    pub(crate) stats: StatsCache,
    pub(crate) page_cache: PageCache,
    pub(crate) search: Search,
    /// The secret key of the slot markers; see [`horizon_app::Template::new`].
    pub(crate) marker_key: u128,
    /// Becomes true on shutdown and ends event streams.
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// This process in the list of nodes.
pub(crate) struct NodeIdentity {
    pub(crate) name: NodeId,
    pub(crate) started: Timestamp,
}

impl AppState {
    pub(crate) fn new(inner: AppParts) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns the current posts and pages.
    pub(crate) fn library(&self) -> Arc<Library> {
        self.library.borrow().clone()
    }

    /// Returns the site with links to the pages of `library`: those with a weight first, then the others by slug.
    pub(crate) fn site(&self, library: &Library) -> Arc<Site> {
        let link = |page: &Arc<MarkdownPage>| Link {
            title: page.title.clone(),
            href: page.url(),
        };
        let mut pages: Vec<&Arc<MarkdownPage>> = library.pages().iter().filter(|page| page.in_nav).collect();
        pages.sort_by_key(|page| page.weight.unwrap_or(i64::MAX));
        Arc::new(Site {
            nav: pages.into_iter().map(link).collect(),
            ..self.site.clone()
        })
    }

    /// Returns the numbers of the site, if they are known.
    pub(crate) async fn site_stats(&self, reads: &PageReads) -> Option<StatsSnapshot> {
        reads.stats_snapshots(&[Topic::Site]).await.into_iter().next().flatten()
    }

    /// Returns an unused event id.
    pub(crate) fn new_event_id(&self) -> Result<EventId> {
        Ok(EventId::new(now(), random_bytes()?))
    }
}

impl FromRef<AppState> for Horizon {
    fn from_ref(app: &AppState) -> Self {
        app.horizon.clone()
    }
}

impl Deref for AppState {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}
