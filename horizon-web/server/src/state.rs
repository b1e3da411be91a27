//! What every request handler can reach.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use eventhorizon::{Horizon, ReadSession, StatsSnapshot};
use horizon_app::{Link, Site};
use horizon_backend::now;
use horizon_core::{Error, EventId, Result, Topic};
use horizon_posts::{Library, Page, SiteInfo};
use tokio::sync::watch;

use crate::{assets::Assets, attempts::Attempts, cluster::Roster, counts::Counts, kept::Kept, session::Sessions};

/// The server's parts. Cloning is cheap; all clones are one.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) horizon: Horizon,
    pub(crate) roster: Roster,
    pub(crate) library: watch::Receiver<Arc<Library>>,
    /// What is the same on every page, but for the links to the extra pages.
    pub(crate) site: Site,
    pub(crate) feeds: SiteInfo,
    pub(crate) assets: Assets,
    pub(crate) sessions: Option<Sessions>,
    pub(crate) attempts: Attempts,
    pub(crate) counts: Counts,
    pub(crate) kept: Kept,
    /// What marks the blanks of a page while it is rendered. No page and no log says it.
    pub(crate) marks: u128,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The posts as they are now.
    pub(crate) fn library(&self) -> Arc<Library> {
        self.library.borrow().clone()
    }

    /// What is the same on every page, with links to the extra pages as they are now.
    pub(crate) fn site(&self) -> Arc<Site> {
        let library = self.library.borrow();
        let link = |page: &Arc<Page>| Link {
            title: page.title.clone(),
            href: format!("/{}", page.slug),
        };
        Arc::new(Site {
            nav: library.pages().iter().map(link).collect(),
            ..self.site.clone()
        })
    }

    /// The numbers of the whole site, for the footer, as far as they are known.
    pub(crate) async fn totals(&self, reads: &ReadSession) -> Option<StatsSnapshot> {
        reads.stats_snapshots(&[Topic::Site]).await.into_iter().next().flatten()
    }

    /// An id that nobody has yet.
    pub(crate) fn fresh_id(&self) -> Result<EventId> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)
            .map_err(|error| Error::unavailable("the machine has no randomness").with_source(error.to_string()))?;
        Ok(EventId::new(now(), random))
    }
}

impl FromRef<App> for Horizon {
    fn from_ref(app: &App) -> Self {
        app.horizon.clone()
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
