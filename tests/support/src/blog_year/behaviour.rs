//! What a reader reads, for how long, and what they do.

use std::time::Duration;

use anyhow::Context as _;
use fastrand::Rng;
use horizon_core::{Day, Slug, Timestamp, VisitContext, VisitorKey};

use super::{
    comments::COMMENTS,
    interest::FirstPage,
    posts::SeededPost,
    readers,
    session::{Action, PageView, SeededSession},
    sources,
};

/// The share of readers without a visitor key, in percent.
const ANONYMOUS_PERCENT: u32 = 8;

/// The share of readers who open another page, in percent.
const NEXT_PAGE_PERCENT: u32 = 27;

/// The largest number of pages of a session.
const MAX_PAGES: usize = 5;

/// The largest number of seconds between two pages.
const MAX_PAUSE_SECONDS: u64 = 12;

/// Makes sessions.
pub(super) struct SessionMaker<'a> {
    rng: Rng,
    posts: &'a [SeededPost],
    now: Timestamp,
    home: Option<Slug>,
    list: Option<Slug>,
}

/// How a reader reads.
#[derive(Clone, Copy)]
struct ReadingStyle {
    /// In percent of the usual.
    quality: u32,
    is_anonymous: bool,
}

impl<'a> SessionMaker<'a> {
    pub(super) fn new(rng: Rng, posts: &'a [SeededPost], now: Timestamp) -> Self {
        Self {
            rng,
            posts,
            now,
            home: Slug::new("/").ok(),
            list: Slug::new("list/blog").ok(),
        }
    }

    /// Returns a session of this day, which ends within the day and before now.
    pub(super) fn session(&mut self, day: Day, entry: FirstPage<'_>) -> anyhow::Result<SeededSession> {
        let today = self.now.day();
        let source = sources::source(&mut self.rng, day, entry, today);
        let mut context = VisitContext::default();
        source.describe(day, &mut context);
        readers::describe(&mut self.rng, source.phones, &mut context);
        let reader = ReadingStyle {
            quality: source.quality,
            is_anonymous: self.rng.u32(..100) < ANONYMOUS_PERCENT,
        };
        let start = self.start(day);
        let visitor = VisitorKey::from_u128(self.rng.u128(..));
        let mut session = SeededSession {
            visitor: (!reader.is_anonymous).then_some(visitor),
            context,
            pages: self.pages(day, start, entry, reader)?,
        };
        let excess = session.end().since(self.now.minus(Duration::from_secs(60)));
        for page in &mut session.pages {
            page.at = page.at.minus(excess);
        }
        Ok(session)
    }

    fn start(&mut self, day: Day) -> Timestamp {
        let hour = readers::hour(&mut self.rng, (day == self.now.day()).then_some(self.now));
        let millis = i64::try_from(hour * 3_600_000 + self.rng.u64(..3_600_000)).unwrap_or_default();
        Timestamp::from_millis(day.number() * 24 * 3_600_000 + millis)
    }

    fn pages(
        &mut self,
        day: Day,
        start: Timestamp,
        entry: FirstPage<'_>,
        reader: ReadingStyle,
    ) -> anyhow::Result<Vec<PageView>> {
        let mut next = match entry {
            FirstPage::Home => None,
            FirstPage::Post(post) => Some(post.clone()),
        };
        let mut slug = next
            .as_ref()
            .map(|post| post.slug.clone())
            .or_else(|| self.home.clone());
        let (mut pages, mut at) = (Vec::new(), start);
        while let Some(opened) = slug.take() {
            let page = self.page(opened, next.as_ref(), at, reader);
            at = page
                .end()
                .plus(Duration::from_secs(1 + self.rng.u64(..MAX_PAUSE_SECONDS)));
            pages.push(page);
            let goes_on = self.rng.u32(..100) < NEXT_PAGE_PERCENT * reader.quality.clamp(50, 130) / 100;
            if reader.is_anonymous || pages.len() == MAX_PAGES || !goes_on {
                break;
            }
            next = self.next_post(day, &pages)?;
            let other = next
                .as_ref()
                .map(|post| post.slug.clone())
                .or_else(|| self.list.clone());
            slug = other.filter(|slug| pages.iter().all(|page| page.slug != *slug));
        }
        Ok(pages)
    }

    /// Returns a published post, rather a late one, or `None` for the list of posts.
    fn next_post(&mut self, day: Day, pages: &[PageView]) -> anyhow::Result<Option<SeededPost>> {
        let published = self.posts.iter().filter(|post| post.published <= day).count();
        if published == 0 || (pages.len() == 1 && self.rng.u32(..100) < 35) {
            return Ok(None);
        }
        let back = self.rng.usize(..published).min(self.rng.usize(..published));
        let post = self.posts.get(published - 1 - back);
        Ok(Some(post.context("the post exists")?.clone()))
    }

    fn page(&mut self, slug: Slug, post: Option<&SeededPost>, at: Timestamp, reader: ReadingStyle) -> PageView {
        let mut page = PageView {
            slug,
            at,
            seconds: 3 + self.rng.u32(..30),
            finished: post.is_none() && self.rng.u32(..100) < 20,
            actions: Vec::new(),
        };
        if let Some(post) = post {
            self.read(&mut page, post, reader.quality);
        }
        if reader.is_anonymous {
            (page.seconds, page.finished) = (0, false);
            page.actions.clear();
        }
        page
    }

    fn read(&mut self, page: &mut PageView, post: &SeededPost, quality: u32) {
        let is_engaged = self.rng.u32(..100) < (quality / 2).min(85);
        if !is_engaged {
            page.seconds = 3 + self.rng.u32(..post.reading_seconds / 3);
            return;
        }
        page.seconds = post.reading_seconds * (60 + self.rng.u32(..70)) / 100;
        page.finished = self.rng.u32(..100) < 84;
        if !page.finished {
            return;
        }
        if self.rng.u32(..1_000) < 60 * quality / 100 {
            page.actions.push(Action::Like);
        }
        if self.rng.u32(..1_000) < 9 * quality / 100
            && let Some((author, text)) = COMMENTS.get(self.rng.usize(..COMMENTS.len()))
        {
            page.actions.push(Action::Comment(author, text));
        }
        for (name, permille) in [("copied code", 70), ("outbound: github.com", 40), ("subscribed", 12)] {
            if self.rng.u32(..1_000) < permille * quality / 100 {
                page.actions.push(Action::Custom(name));
            }
        }
    }
}
