//! The posts as they are answered: rendered once a change, kept in memory.

use std::sync::{Arc, Mutex, PoisonError};

use eventhorizon::ReadSession;
use horizon_app::{Page, PostPage, Template};
use horizon_core::{Error, Result, Slug};
use horizon_posts::{Library, Post};
use quick_cache::{Weighter, sync::Cache};

use crate::{counts::Now, posts, sheet::Sheet, state::App};

/// How many pages are expected to be kept.
const PAGES: usize = 256;

/// How much they may take together, in every shape: 64 MiB. A page that is too large for it is rendered for each
/// answer.
const BYTES: u64 = 64 << 20;

/// Pages that are ready, the most asked for.
pub(crate) struct Kept {
    shelf: Mutex<Shelf>,
    sheets: Cache<Key, Arc<Sheet>, Bytes>,
}

/// Of which posts the pages are.
struct Shelf {
    library: Arc<Library>,
    /// Counts the changes of the posts.
    edition: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    slug: Slug,
    edition: u64,
    /// The revision of the comments; nothing for a page that says that they cannot be shown.
    comments: Option<u64>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Sheet>> for Bytes {
    fn weight(&self, _: &Key, sheet: &Arc<Sheet>) -> u64 {
        sheet.weight()
    }
}

impl Kept {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        Self {
            shelf: Mutex::new(Shelf { library, edition: 0 }),
            sheets: Cache::with_weighter(PAGES, BYTES, Bytes),
        }
    }

    /// The post with its newest comments, and whether those are current. Whoever asks while it is rendered waits for
    /// the one who renders it.
    pub(crate) async fn sheet(
        &self,
        app: &App,
        reads: &ReadSession,
        post: &Post,
        now: &Now,
    ) -> Result<(Arc<Sheet>, bool)> {
        let (library, edition) = self.shelf(app);
        // The post as it is in the edition that the key names.
        let post = library.post(post.slug.as_str()).map_or(post, |post| post);
        let key = |comments| Key {
            slug: post.slug.clone(),
            edition,
            comments,
        };
        if let Some(sheet) = now.comments.and_then(|revision| self.sheets.get(&key(Some(revision)))) {
            return Ok((sheet, now.is_current));
        }
        if let Some(revision) = now.comments.filter(|_| now.is_current) {
            let render = async { render_current(app, reads, &library, post).await };
            match self.sheets.get_or_insert_async(&key(Some(revision)), render).await {
                Ok(sheet) => return Ok((sheet, true)),
                Err(Unready::Broken(error)) => return Err(error),
                Err(Unready::NotCurrent) => {}
            }
        }
        // Pages with the last known comments are not kept: nothing tells how old those are.
        if let Some(known) = reads.threads_snapshot(&post.slug).await {
            let page = posts::page(&library, post, Some(known.view));
            return Ok((render(app, page).await?, false));
        }
        let render = async { render(app, posts::page(&library, post, None)).await };
        let sheet = self.sheets.get_or_insert_async(&key(None), render).await?;
        Ok((sheet, false))
    }

    /// The posts as they are now, and their edition. With a new one the pages of the old go.
    fn shelf(&self, app: &App) -> (Arc<Library>, u64) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let library = app.library();
        if !Arc::ptr_eq(&shelf.library, &library) {
            shelf.library = library;
            shelf.edition += 1;
            self.sheets.clear();
        }
        (Arc::clone(&shelf.library), shelf.edition)
    }
}

/// Why there is no page to be kept.
enum Unready {
    /// The comments cannot be read now.
    NotCurrent,
    Broken(Error),
}

async fn render_current(app: &App, reads: &ReadSession, library: &Library, post: &Post) -> Result<Arc<Sheet>, Unready> {
    match reads.threads_snapshot(&post.slug).await {
        Some(known) if known.is_current => {
            let page = posts::page(library, post, Some(known.view));
            render(app, page).await.map_err(Unready::Broken)
        }
        _ => Err(Unready::NotCurrent),
    }
}

async fn render(app: &App, page: PostPage) -> Result<Arc<Sheet>> {
    let (site, key) = (app.site(), app.marks);
    let template = Template::new(&site, Page::Post(Box::new(page)), key).await?;
    let made = tokio::task::spawn_blocking(move || Sheet::new(template));
    match made.await {
        Ok(Ok(sheet)) => Ok(Arc::new(sheet)),
        Ok(Err(error)) => Err(Error::permanent("a page has no policy").with_source(error)),
        Err(error) => Err(Error::permanent("a page could not be rendered").with_source(error)),
    }
}
