//! Loads the numbers for lists of posts.

use std::sync::Arc;

use horizon_app::PostCard;
use horizon_core::{Topic, wire::PageStats};
use horizon_posts::Post;

use crate::state::AppState;

/// Posts and the site with their numbers.
pub(crate) struct Cards {
    pub(crate) posts: Vec<PostCard>,
    /// The numbers of the site, if they are known.
    pub(crate) site: Option<PageStats>,
    /// Whether all numbers are known and current.
    pub(crate) is_current: bool,
}

/// Loads the current or last known numbers of these posts and of the site.
pub(crate) async fn load(app: &AppState, posts: impl IntoIterator<Item = &Arc<Post>>) -> Cards {
    let posts: Vec<&Arc<Post>> = posts.into_iter().collect();
    let topics = posts.iter().map(|post| post.slug.clone().into());
    let topics: Vec<Topic> = std::iter::once(Topic::Site).chain(topics).collect();
    let known = app.horizon.stats_snapshots(&topics).await;
    let is_current = known
        .iter()
        .all(|known| known.as_ref().is_some_and(|known| known.is_current));
    let mut stats = known.into_iter().map(|known| known.map(|known| known.stats));
    let site = stats.next().flatten();
    let card = |(post, stats): (&Arc<Post>, Option<PageStats>)| PostCard {
        post: post.clone(),
        stats,
        passage: None,
    };
    Cards {
        posts: posts.into_iter().zip(stats).map(card).collect(),
        site,
        is_current,
    }
}
