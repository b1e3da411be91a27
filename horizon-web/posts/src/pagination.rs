use std::num::NonZeroUsize;

/// The number of posts on a page of a list. The numbers of all of them are live: a stream has at most 100 pages.
pub const POSTS_PER_PAGE: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pagination {
    number: NonZeroUsize,
    count: NonZeroUsize,
    /// The maximum number of items on a page.
    size: NonZeroUsize,
}

/// The only page of an empty list.
impl Default for Pagination {
    fn default() -> Self {
        Self {
            number: NonZeroUsize::MIN,
            count: NonZeroUsize::MIN,
            size: POSTS_PER_PAGE,
        }
    }
}

impl Pagination {
    /// Returns a page with at most [`POSTS_PER_PAGE`] items; see [`with_size`](Self::with_size).
    #[must_use]
    pub fn new(number: NonZeroUsize, items: usize) -> Option<Self> {
        Self::with_size(number, items, POSTS_PER_PAGE)
    }

    /// Returns the page with this number of a list with that many items, or `None` if there is no such page. An empty
    /// list has one page.
    #[must_use]
    pub fn with_size(number: NonZeroUsize, items: usize, size: NonZeroUsize) -> Option<Self> {
        let count = NonZeroUsize::new(items.div_ceil(size.get())).unwrap_or(NonZeroUsize::MIN);
        (number <= count).then_some(Self { number, count, size })
    }

    /// Returns the number of the page, from 1.
    #[must_use]
    pub fn number(self) -> NonZeroUsize {
        self.number
    }

    /// Returns the number of pages.
    #[must_use]
    pub fn count(self) -> NonZeroUsize {
        self.count
    }

    /// Returns the number of the page before it.
    #[must_use]
    pub fn previous(self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.number.get() - 1)
    }

    /// Returns the number of the page after it.
    #[must_use]
    pub fn next(self) -> Option<NonZeroUsize> {
        self.number.checked_add(1).filter(|next| *next <= self.count)
    }

    /// Returns the items on the page.
    pub fn items<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        let size = self.size.get();
        all.into_iter()
            .skip((self.number.get() - 1).saturating_mul(size))
            .take(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: usize, items: usize) -> Option<Pagination> {
        Pagination::new(NonZeroUsize::new(number).unwrap(), items)
    }

    #[test]
    fn a_list_has_the_pages_that_its_items_fill() {
        for (items, pages) in [(0, 1), (1, 1), (20, 1), (21, 2), (40, 2), (41, 3)] {
            assert_eq!(page(1, items).unwrap().count().get(), pages);
            assert!(
                page(pages, items).is_some() && page(pages + 1, items).is_none() && page(usize::MAX, items).is_none()
            );
        }
    }

    #[test]
    fn each_item_is_on_one_page() {
        let items: Vec<usize> = (0..45).collect();
        let pages = (1..=3).map(|number| page(number, items.len()).unwrap());
        let pages: Vec<Vec<usize>> = pages.map(|page| page.items(&items).copied().collect()).collect();
        assert_eq!((pages.concat(), pages[2].len()), (items, 5));
        let numbers = |number| {
            let page = page(number, 45).unwrap();
            (
                page.previous().map(NonZeroUsize::get),
                page.next().map(NonZeroUsize::get),
            )
        };
        assert_eq!(
            [numbers(1), numbers(2), numbers(3)],
            [(None, Some(2)), (Some(1), Some(3)), (Some(2), None)]
        );
    }
}
