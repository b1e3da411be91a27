//! The comments and the indexes that reads use, so that a read touches only what it returns.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::num::NonZeroUsize;

use horizon_core::{Comment, EventId, Slug, Thread, ThreadPage, Visibility};

/// The index of a comment in the order of arrival.
type Place = usize;

/// All comments.
#[derive(Default)]
pub(crate) struct CommentTable {
    /// In the order in which they were added.
    comments: Vec<Comment>,
    places: HashMap<EventId, Place>,
    pages: HashMap<Slug, Page>,
    replies: HashMap<EventId, Replies>,
    by_state: HashMap<Visibility, BTreeSet<Place>>,
}

/// What readers see of a page.
#[derive(Default)]
struct Page {
    /// The heads of the threads that show.
    threads: BTreeSet<Place>,
    /// The comments that show, replies included.
    shown: BTreeSet<Place>,
}

/// The replies to one comment.
#[derive(Default)]
struct Replies {
    /// How many there are, whatever their state.
    count: usize,
    shown: BTreeSet<Place>,
}

impl CommentTable {
    pub(crate) fn find(&self, id: EventId) -> Option<&Comment> {
        self.comments.get(self.place(id)?)
    }

    pub(crate) fn add(&mut self, comment: &Comment) {
        let place = self.comments.len();
        self.places.insert(comment.id, place);
        self.comments.push(comment.clone());
        if let Some(parent) = comment.parent {
            self.replies.entry(parent).or_default().count += 1;
        }
        self.index(place, comment, None);
    }

    pub(crate) fn set_visibility(&mut self, id: EventId, visibility: Visibility) {
        let Some(place) = self.place(id) else { return };
        let Some(comment) = self.comments.get_mut(place) else {
            return;
        };
        let was = std::mem::replace(&mut comment.visibility, visibility);
        let comment = comment.clone();
        self.index(place, &comment, Some(was));
    }

    /// Brings the indexes in line with a comment whose visibility was another, or that is new.
    fn index(&mut self, place: Place, comment: &Comment, was: Option<Visibility>) {
        if let Some(was) = was {
            self.by_state.entry(was).or_default().remove(&place);
        }
        self.by_state.entry(comment.visibility).or_default().insert(place);
        let shows = comment.visibility == Visibility::Shown;
        let page = self.pages.entry(comment.slug.clone()).or_default();
        set(&mut page.shown, place, shows);
        if let Some(parent) = comment.parent {
            set(&mut self.replies.entry(parent).or_default().shown, place, shows);
        }
        let head = comment.parent.map_or(Some(place), |parent| self.place(parent));
        let Some(head) = head else { return };
        let thread_shows = self.thread_shows(head);
        set(
            &mut self.pages.entry(comment.slug.clone()).or_default().threads,
            head,
            thread_shows,
        );
    }

    fn thread_shows(&self, head: Place) -> bool {
        let is_shown = |head: &Comment| {
            let replies = self.replies.get(&head.id);
            head.visibility == Visibility::Shown || replies.is_some_and(|replies| !replies.shown.is_empty())
        };
        self.comments.get(head).is_some_and(is_shown)
    }

    pub(crate) fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> ThreadPage {
        let threads = self.pages.get(slug).map(|page| &page.threads);
        let heads = self.read(threads.into_iter().flat_map(|all| all.range(..self.end(before)).rev()));
        let Ok(page) = ThreadPage::collect(heads.map(Ok::<_, Infallible>), limit, |head| {
            Ok(self.shown_replies(head.id, 0).map(Ok))
        });
        page
    }

    pub(crate) fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Option<Thread> {
        let place = self.place(head)?;
        self.pages.get(slug).filter(|page| page.threads.contains(&place))?;
        let start = match after {
            None => 0,
            Some(after) => {
                let known = self.find(after).filter(|comment| comment.slug == *slug);
                known
                    .and_then(|comment| self.place(comment.id))
                    .map_or(usize::MAX, |place| place + 1)
            }
        };
        let replies = self.shown_replies(head, start).map(Ok::<_, Infallible>);
        let Ok(thread) = Thread::collect(self.comments.get(place)?.clone(), replies, limit);
        Some(thread)
    }

    pub(crate) fn newest(&self, slug: &Slug, limit: NonZeroUsize) -> Vec<Comment> {
        let shown = self.pages.get(slug).map(|page| &page.shown);
        self.read(shown.into_iter().flatten().rev()).take(limit.get()).collect()
    }

    pub(crate) fn desk(&self, only: Option<Visibility>, before: Option<EventId>, limit: NonZeroUsize) -> Vec<Comment> {
        let end = self.end(before);
        match only {
            None => self
                .comments
                .iter()
                .take(end)
                .rev()
                .take(limit.get())
                .cloned()
                .collect(),
            Some(only) => {
                let places = self.by_state.get(&only).into_iter();
                let newest = places.flat_map(|places| places.range(..end).rev());
                self.read(newest).take(limit.get()).collect()
            }
        }
    }

    pub(crate) fn count_replies(&self, parent: EventId) -> usize {
        self.replies.get(&parent).map_or(0, |replies| replies.count)
    }

    fn place(&self, id: EventId) -> Option<Place> {
        self.places.get(&id).copied()
    }

    /// The place behind the last comment that is older than `before`. Nothing is older than an unknown one.
    fn end(&self, before: Option<EventId>) -> Place {
        before.map_or(self.comments.len(), |id| self.place(id).unwrap_or(0))
    }

    fn shown_replies(&self, head: EventId, start: Place) -> impl Iterator<Item = Comment> {
        let shown = self.replies.get(&head).map(|replies| &replies.shown);
        self.read(shown.into_iter().flat_map(move |shown| shown.range(start..)))
    }

    fn read<'a>(&'a self, places: impl Iterator<Item = &'a Place>) -> impl Iterator<Item = Comment> {
        places.filter_map(|&place| self.comments.get(place).cloned())
    }
}

/// Puts a place into a set, or takes it out.
fn set(places: &mut BTreeSet<Place>, place: Place, is_in: bool) {
    if is_in {
        places.insert(place);
    } else {
        places.remove(&place);
    }
}
