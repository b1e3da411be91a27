//! From posts to what the pages show.

use std::sync::Arc;

use horizon_app::{Card, Cover, ExtraPage, Link, PostHead, Tag, TagCount, TocEntry};
use horizon_core::{Timestamp, Topic, wire::PageStats};
use horizon_posts::{Library, Page, Post, TagPosts};

use crate::state::App;

/// Posts and the site with their numbers.
pub(crate) struct Cards {
    /// The posts, in the order asked.
    pub(crate) posts: Vec<Card>,
    /// The numbers of the site, as far as they are known.
    pub(crate) totals: Option<PageStats>,
    /// Whether all numbers are what the backends say now.
    pub(crate) is_current: bool,
}

/// The posts and the site with their numbers at this moment, or the last known.
pub(crate) async fn cards(app: &App, posts: &[Arc<Post>]) -> Cards {
    let topics = posts.iter().map(|post| post.slug.clone().into());
    let topics: Vec<Topic> = std::iter::once(Topic::Site).chain(topics).collect();
    let known = app.horizon.stats_snapshots(&topics).await;
    let is_current = known.iter().all(|known| known.is_some_and(|known| known.is_current));
    let mut numbers = known.into_iter().map(|known| known.map(|known| known.stats));
    let totals = numbers.next().flatten();
    let card = |(post, numbers): (&Arc<Post>, Option<PageStats>)| Card {
        post: head(post),
        numbers,
    };
    Cards {
        posts: posts.iter().zip(numbers).map(card).collect(),
        totals,
        is_current,
    }
}

pub(crate) fn head(post: &Post) -> PostHead {
    PostHead {
        slug: post.slug.to_string(),
        title: post.title.clone(),
        description: post.summary().to_owned(),
        date: Timestamp::from_millis(post.date.unix_millis()),
        tags: post.tags.iter().map(tag).collect(),
        reading_minutes: post.reading_minutes,
        cover: post.cover.as_ref().map(|cover| Cover {
            image: cover.image.clone(),
            alt: cover.alt.clone(),
            caption: cover.caption.clone(),
        }),
    }
}

pub(crate) fn toc(post: &Post) -> Vec<TocEntry> {
    let entry = |entry: &horizon_posts::TocEntry| TocEntry {
        level: entry.level,
        id: entry.id.clone(),
        text: entry.text.clone(),
    };
    if post.show_toc {
        post.toc.iter().map(entry).collect()
    } else {
        Vec::new()
    }
}

pub(crate) fn link(post: &Arc<Post>) -> Link {
    Link {
        title: post.title.clone(),
        href: format!("/blog/{}", post.slug),
    }
}

pub(crate) fn extra(page: &Page) -> ExtraPage {
    ExtraPage {
        path: format!("/{}", page.slug),
        title: page.title.clone(),
        description: page.summary().to_owned(),
        html: page.html().to_owned(),
    }
}

pub(crate) fn tag(tag: &horizon_posts::Tag) -> Tag {
    Tag {
        name: tag.name.clone(),
        slug: tag.slug.clone(),
    }
}

pub(crate) fn tags(library: &Library) -> Vec<TagCount> {
    let count = |tagged: &TagPosts| TagCount {
        tag: tag(&tagged.tag),
        posts: tagged.posts.len(),
    };
    library.tags().iter().map(count).collect()
}
