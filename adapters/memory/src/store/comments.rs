//! The comments with their indexes. A query touches only the comments that it returns.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, CommentStore, EventId, Result, Slug, Thread, ThreadPage, Visibility};

use super::MemoryStore;

/// The index of a comment in the order of arrival.
type CommentIndex = usize;

#[derive(Default)]
pub(super) struct CommentTable {
    /// In the order in which they were added.
    comments: Vec<Comment>,
    by_id: HashMap<EventId, CommentIndex>,
    by_page: HashMap<Slug, PageIndex>,
    by_parent: HashMap<EventId, ReplyIndex>,
    by_visibility: HashMap<Visibility, BTreeSet<CommentIndex>>,
}

#[derive(Default)]
struct PageIndex {
    /// The heads of visible threads.
    threads: BTreeSet<CommentIndex>,
    /// The shown comments, replies included.
    shown: BTreeSet<CommentIndex>,
}

/// The replies to one comment.
#[derive(Default)]
struct ReplyIndex {
    /// The number of replies of any visibility.
    count: usize,
    shown: BTreeSet<CommentIndex>,
}

impl CommentTable {
    /// Returns all comments in the order in which they were added.
    #[cfg(test)]
    pub(super) fn all(&self) -> &[Comment] {
        &self.comments
    }

    pub(super) fn find(&self, id: EventId) -> Option<&Comment> {
        self.comments.get(self.index_of(id)?)
    }

    pub(super) fn add(&mut self, comment: &Comment) {
        let index = self.comments.len();
        self.by_id.insert(comment.id, index);
        self.comments.push(comment.clone());
        if let Some(parent) = comment.parent {
            self.by_parent.entry(parent).or_default().count += 1;
        }
        self.update_indexes(index, comment, None);
    }

    pub(super) fn set_visibility(&mut self, id: EventId, visibility: Visibility) {
        let Some(index) = self.index_of(id) else { return };
        let Some(comment) = self.comments.get_mut(index) else {
            return;
        };
        let previous = std::mem::replace(&mut comment.visibility, visibility);
        let comment = comment.clone();
        self.update_indexes(index, &comment, Some(previous));
    }

    /// Updates the indexes for a comment that is new, or whose visibility was `previous`.
    fn update_indexes(&mut self, index: CommentIndex, comment: &Comment, previous: Option<Visibility>) {
        if let Some(previous) = previous {
            self.by_visibility.entry(previous).or_default().remove(&index);
        }
        self.by_visibility.entry(comment.visibility).or_default().insert(index);
        let is_shown = comment.visibility == Visibility::Shown;
        if let Some(parent) = comment.parent {
            set_member(&mut self.by_parent.entry(parent).or_default().shown, index, is_shown);
        }
        let head = comment.parent.map_or(Some(index), |parent| self.index_of(parent));
        let thread_is_visible = head.is_some_and(|head| self.is_visible_head(head));
        let page = self.by_page.entry(comment.slug.clone()).or_default();
        set_member(&mut page.shown, index, is_shown);
        if let Some(head) = head {
            set_member(&mut page.threads, head, thread_is_visible);
        }
    }

    /// Returns whether a thread is visible: its head or one of its replies is shown.
    fn is_visible_head(&self, head: CommentIndex) -> bool {
        self.comments.get(head).is_some_and(|head| {
            let replies = self.by_parent.get(&head.id);
            head.visibility == Visibility::Shown || replies.is_some_and(|replies| !replies.shown.is_empty())
        })
    }

    fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> ThreadPage {
        let threads = self.by_page.get(slug).map(|page| &page.threads);
        let heads = self.read(threads.into_iter().flat_map(|all| all.range(..self.end(before)).rev()));
        let Ok(page) = ThreadPage::collect(heads.map(Ok::<_, Infallible>), limit, |head| {
            Ok(self.shown_replies(head.id, 0).map(Ok))
        });
        page
    }

    fn thread(&self, slug: &Slug, head: EventId, after: Option<EventId>, limit: NonZeroUsize) -> Option<Thread> {
        let index = self.index_of(head)?;
        self.by_page.get(slug).filter(|page| page.threads.contains(&index))?;
        let start = after.map_or(0, |after| {
            let known = self.find(after).filter(|comment| comment.slug == *slug);
            let index = known.and_then(|comment| self.index_of(comment.id));
            index.map_or(usize::MAX, |index| index + 1)
        });
        let replies = self.shown_replies(head, start).map(Ok::<_, Infallible>);
        let Ok(thread) = Thread::collect(self.comments.get(index)?.clone(), replies, limit);
        Some(thread)
    }

    fn newest(&self, slug: &Slug, limit: NonZeroUsize) -> Vec<Comment> {
        let shown = self.by_page.get(slug).map(|page| &page.shown);
        self.read(shown.into_iter().flatten().rev()).take(limit.get()).collect()
    }

    fn recent(&self, only: Option<Visibility>, before: Option<EventId>, limit: NonZeroUsize) -> Vec<Comment> {
        let (end, limit) = (self.end(before), limit.get());
        let Some(only) = only else {
            let older = self.comments.iter().take(end);
            return older.rev().take(limit).cloned().collect();
        };
        let matching = self.by_visibility.get(&only).into_iter();
        let newest = matching.flat_map(|indexes| indexes.range(..end).rev());
        self.read(newest).take(limit).collect()
    }

    fn count_replies(&self, parent: EventId) -> usize {
        self.by_parent.get(&parent).map_or(0, |replies| replies.count)
    }

    fn index_of(&self, id: EventId) -> Option<CommentIndex> {
        self.by_id.get(&id).copied()
    }

    /// Returns the index after the last comment that is older than `before`. For an unknown id that is 0.
    fn end(&self, before: Option<EventId>) -> CommentIndex {
        before.map_or(self.comments.len(), |id| self.index_of(id).unwrap_or(0))
    }

    fn shown_replies(&self, head: EventId, start: CommentIndex) -> impl Iterator<Item = Comment> {
        let shown = self.by_parent.get(&head).map(|replies| &replies.shown);
        self.read(shown.into_iter().flat_map(move |shown| shown.range(start..)))
    }

    fn read<'a>(&'a self, indexes: impl Iterator<Item = &'a CommentIndex>) -> impl Iterator<Item = Comment> {
        indexes.filter_map(|&index| self.comments.get(index).cloned())
    }
}

/// Adds the index to the set, or removes it.
fn set_member(indexes: &mut BTreeSet<CommentIndex>, index: CommentIndex, is_member: bool) {
    if is_member {
        indexes.insert(index);
    } else {
        indexes.remove(&index);
    }
}

#[async_trait]
impl CommentStore for MemoryStore {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        Ok(self.tables().comments.threads(slug, before, limit))
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        Ok(self.tables().comments.thread(slug, head, after, limit))
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        Ok(self.tables().comments.newest(slug, limit))
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        Ok(self.tables().comments.recent(only, before, limit))
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        Ok(self.tables().comments.find(id).cloned())
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        Ok(self.tables().comments.count_replies(parent))
    }
}
