//! The posts as they are answered: rendered once a change, kept in memory.

use std::sync::{Arc, Mutex, PoisonError};

use horizon_app::{Page, Template};
use horizon_core::{Error, Result, Slug};
use horizon_posts::{Library, Post};
use quick_cache::{Weighter, sync::Cache};

use crate::{posts, sheet::Sheet, state::App};

/// How many pages are expected to be kept.
const PAGES: usize = 256;

/// How much they may take together, in every shape: 64 MiB. A page that is too large for it is rendered for each answer.
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
    /// The revision of the comments.
    comments: u64,
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

    /// The post with its newest comments. Whoever asks while it is rendered waits for the one who renders it.
    pub(crate) async fn sheet(&self, app: &App, post: &Post, comments: u64) -> Result<Arc<Sheet>> {
        let (library, edition) = self.shelf(app);
        let key = Key {
            slug: post.slug.clone(),
            edition,
            comments,
        };
        let ready = self.sheets.get_or_insert_async(&key, async {
            // The post as it is in the edition that the key names.
            let post = library.post(post.slug.as_str()).map_or(post, |post| post);
            render(app, &library, post).await
        });
        ready.await
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

async fn render(app: &App, library: &Library, post: &Post) -> Result<Arc<Sheet>> {
    let comments = app.horizon.threads(&post.slug, None).await?;
    let page = Page::Post(Box::new(posts::page(library, post, comments)));
    let (site, key) = (app.site(), app.marks);
    let template = Template::new(&site, page, key).await?;
    let made = tokio::task::spawn_blocking(move || Sheet::new(template));
    match made.await {
        Ok(Ok(sheet)) => Ok(Arc::new(sheet)),
        Ok(Err(error)) => Err(Error::permanent("a page has no policy").with_source(error)),
        Err(error) => Err(Error::permanent("a page could not be rendered").with_source(error)),
    }
}
