//! Makes variants, one picture at a time, and finds them.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use horizon_posts::{Picture, PictureLookup, PictureVariant};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

use crate::{
    cache::{CacheFolder, CachedVariant},
    encode::{self, EncodeError},
    index::{IndexedPicture, MAX_PICTURES, PictureIndex},
    name::{PictureId, VariantName},
};

/// The path of the URLs of variants.
pub const VARIANTS_PATH: &str = "/pkg/pictures";

/// The time between two progress lines in the log: 5 s.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The longest time that a request waits for a variant: 20 s. Then it gets the original.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The maximum number of requests that wait for variants. Others get the original.
const MAX_WAITING: usize = 64;

/// The time without attempts after the cache could not be written: 10 minutes.
const WRITE_RETRY: Duration = Duration::from_secs(600);

/// The time between two removals of unused variants: 1 day.
const REMOVAL_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// The pictures of a content folder, and their variants.
#[derive(Debug)]
pub struct PictureStore {
    index: PictureIndex,
    /// Without it there are no variants.
    cache: Option<CacheFolder>,
    work: Mutex<Work>,
    work_added: Notify,
    /// Whether all files of the folder have been read once.
    is_scanned: watch::Sender<bool>,
    /// Has one permit for each encoder that may run.
    encoders: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What is to be done in the background, and what cannot be done.
#[derive(Debug, Default)]
struct Work {
    queue: VecDeque<Arc<IndexedPicture>>,
    /// The pictures that were queued in this process.
    queued: HashSet<PictureId>,
    /// The pictures whose variants cannot be made.
    failed: HashSet<PictureId>,
    /// When the cache could not be written.
    write_failed: Option<Instant>,
    /// The number of variants that were missing since the queue was last empty.
    missing: usize,
    /// The number of them that were made.
    made: usize,
}

/// The file to send for a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureFile {
    /// The variant, which never changes.
    Variant(PathBuf),
    /// The original, which has fewer bytes.
    Original(PathBuf),
    /// The original, because the variant cannot be made now.
    Instead(PathBuf),
}

/// Why the variants of a picture were not made.
#[derive(Debug, thiserror::Error)]
enum MakeError {
    #[error("the file cannot be read: {0}")]
    Read(io::Error),
    #[error("the file changed")]
    Changed,
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("the cache cannot be written: {0}")]
    Write(io::Error),
}

impl PictureLookup for PictureStore {
    fn picture(&self, file: &Path) -> Option<Picture> {
        let picture = self.index.at(file)?;
        let is_possible = self.cache.is_some() && !self.work.lock().failed.contains(&picture.id);
        let names = is_possible.then(|| picture.variants()).into_iter().flatten();
        let variant = |name: VariantName| PictureVariant {
            url: format!("{VARIANTS_PATH}/{name}"),
            width: name.width,
        };
        let variants: Vec<_> = names.map(variant).collect();
        if !variants.is_empty() {
            self.enqueue(&picture);
        }
        Some(Picture {
            width: picture.header.width,
            height: picture.header.height,
            variants,
        })
    }
}

impl PictureStore {
    /// Creates the store of the pictures in the folder `root`. Without a cache there are sizes and no variants.
    #[must_use]
    pub fn new(root: &Path, cache: Option<CacheFolder>) -> Self {
        Self {
            index: PictureIndex::new(root),
            cache,
            work: Mutex::default(),
            work_added: Notify::new(),
            is_scanned: watch::Sender::new(false),
            encoders: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }

    /// Makes the variants of the pictures that pages show, until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        tokio::select! {
            () = &mut shutdown => {}
            () = Arc::clone(&self).work() => {}
        }
    }

    /// Returns the file of a variant, and makes it if it does not exist yet. Returns `None` if the folder has no such
    /// picture.
    pub async fn file(self: &Arc<Self>, name: VariantName) -> Option<PictureFile> {
        let picture = match self.index.with_id(&name.id) {
            Some(picture) => Some(picture),
            None if self.find(&name).await.is_some() => None,
            None => {
                // Another node, or this one before a restart, wrote the URL.
                let mut is_scanned = self.is_scanned.subscribe();
                let _ = timeout(MAX_WAIT, is_scanned.wait_for(|is_scanned| *is_scanned)).await;
                Some(self.index.with_id(&name.id)?)
            }
        };
        let Some(picture) = picture else {
            return match self.find(&name).await? {
                CachedVariant::File(path) => Some(PictureFile::Variant(path)),
                CachedVariant::Original => None,
            };
        };
        if !picture.variants().any(|known| known == name) {
            return None;
        }
        if self.find(&name).await.is_none() {
            self.make_for_request(&picture).await;
        }
        let original = picture.file.clone();
        Some(match self.find(&name).await {
            Some(CachedVariant::File(path)) => PictureFile::Variant(path),
            Some(CachedVariant::Original) => PictureFile::Original(original),
            None => PictureFile::Instead(original),
        })
    }

    async fn find(self: &Arc<Self>, name: &VariantName) -> Option<CachedVariant> {
        let (store, name) = (Arc::clone(self), name.clone());
        spawn_blocking(move || store.cache.as_ref()?.find(&name)).await.ok()?
    }

    async fn make_for_request(self: &Arc<Self>, picture: &Arc<IndexedPicture>) {
        if let Ok(_waiting) = self.waiting.try_acquire() {
            let _ = timeout(MAX_WAIT, self.make(picture)).await;
        }
    }

    /// Adds a picture to the queue, once.
    fn enqueue(&self, picture: &Arc<IndexedPicture>) {
        let mut work = self.work.lock();
        if work.queued.len() >= MAX_PICTURES {
            work.queued.clear();
        }
        if work.queue.len() < MAX_PICTURES && work.queued.insert(picture.id.clone()) {
            work.queue.push_back(Arc::clone(picture));
            drop(work);
            self.work_added.notify_one();
        }
    }

    async fn work(self: Arc<Self>) {
        let mut last_removal = None;
        let mut last_line = Instant::now();
        loop {
            if last_removal.is_none_or(|at: Instant| at.elapsed() > REMOVAL_INTERVAL) {
                last_removal = Some(Instant::now());
                self.scan().await;
            }
            let next = self.work.lock().queue.pop_front();
            match next {
                Some(picture) => self.make(&picture).await,
                None => {
                    self.log_progress(true);
                    let _ = timeout(REMOVAL_INTERVAL, self.work_added.notified()).await;
                    last_line = Instant::now();
                }
            }
            if last_line.elapsed() > PROGRESS_INTERVAL {
                last_line = Instant::now();
                self.log_progress(false);
            }
        }
    }

    /// Reads all pictures, and removes variants that no page has shown for long.
    async fn scan(self: &Arc<Self>) {
        let store = Arc::clone(self);
        let scanned = spawn_blocking(move || {
            store.index.scan();
            let Some(cache) = &store.cache else {
                return;
            };
            if let Err(error) = cache.remove_unused(SystemTime::now()) {
                let folder = cache.path().display();
                tracing::warn!(%folder, %error, "the cache of picture variants (HORIZON_CACHE) cannot be read");
            }
        });
        if let Err(error) = scanned.await {
            tracing::error!(%error, "reading the pictures of the content folder failed");
        }
        self.is_scanned.send_replace(true);
    }

    /// Makes the missing variants of a picture when no other picture is being made.
    async fn make(self: &Arc<Self>, picture: &Arc<IndexedPicture>) {
        // The semaphore is never closed.
        let Ok(encoder) = Arc::clone(&self.encoders).acquire_owned().await else {
            return;
        };
        let (store, picture) = (Arc::clone(self), Arc::clone(picture));
        let id = picture.id.clone();
        let file = picture.file.clone();
        let made = spawn_blocking(move || {
            let _encoder = encoder;
            store.make_missing(&picture);
        });
        if let Err(error) = made.await {
            self.give_up(id);
            let file = file.display();
            tracing::error!(%file, %error, "making the variants of a picture failed; please report it with the file");
        }
    }

    fn make_missing(&self, picture: &IndexedPicture) {
        let Some(cache) = &self.cache else {
            return;
        };
        let missing: Vec<_> = picture.variants().filter(|name| cache.find(name).is_none()).collect();
        let now = SystemTime::now();
        picture.variants().for_each(|name| cache.mark_used(&name, now));
        if missing.is_empty() || !self.may_make(&picture.id) {
            return;
        }
        self.work.lock().missing += missing.len();
        match make_all(cache, picture, &missing) {
            Ok(()) => self.work.lock().made += missing.len(),
            Err(error) => self.log_failure(cache, picture, &error),
        }
    }

    /// Returns whether making the variants of a picture may succeed.
    fn may_make(&self, id: &PictureId) -> bool {
        let work = self.work.lock();
        let may_write = work.write_failed.is_none_or(|at| at.elapsed() > WRITE_RETRY);
        may_write && !work.failed.contains(id)
    }

    fn log_failure(&self, cache: &CacheFolder, picture: &IndexedPicture, error: &MakeError) {
        if let MakeError::Write(error) = error {
            self.work.lock().write_failed = Some(Instant::now());
            let folder = cache.path().display();
            tracing::warn!(
                %folder,
                %error,
                "a picture variant cannot be written (HORIZON_CACHE): readers get originals; trying again in 10 minutes"
            );
            return;
        }
        self.give_up(picture.id.clone());
        let file = picture.file.display();
        tracing::warn!(%file, %error, "the variants of a picture cannot be made: readers get the original");
    }

    fn give_up(&self, id: PictureId) {
        let mut work = self.work.lock();
        if work.failed.len() >= MAX_PICTURES {
            work.failed.clear();
        }
        work.failed.insert(id);
    }

    /// Logs how many variants were made.
    fn log_progress(&self, is_done: bool) {
        let mut work = self.work.lock();
        let made = work.made;
        if made > 0 && is_done {
            tracing::info!("made {made} picture variants; all are in the cache");
            (work.made, work.missing) = (0, 0);
        } else if made > 0 {
            let waiting: usize = work.queue.iter().map(|picture| picture.variants().count()).sum();
            let total = work.missing + waiting;
            tracing::info!("made {made} of {total} picture variants");
        }
    }
}

fn make_all(cache: &CacheFolder, picture: &IndexedPicture, missing: &[VariantName]) -> Result<(), MakeError> {
    let bytes = picture.read().map_err(MakeError::Read)?.ok_or(MakeError::Changed)?;
    for (width, file) in encode::variants(&bytes, &picture.header)? {
        if let Some(name) = missing.iter().find(|name| name.width == width) {
            cache.insert(name, &file).map_err(MakeError::Write)?;
        }
    }
    Ok(())
}
