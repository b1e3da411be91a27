//! A sorted list of terms, in little memory.

use std::ops::Range;

use super::edits;

/// Distinct terms in order; the position of a term is its number.
#[derive(Clone, Debug, Default)]
pub(super) struct TermTable {
    text: String,
    /// The end of each term in `text`.
    ends: Vec<u32>,
    /// The letters of each term; see [`letters`].
    letters: Vec<u32>,
}

impl TermTable {
    /// `terms` are distinct and in order.
    pub(super) fn new<'a>(terms: impl Iterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        for term in terms {
            table.text.push_str(term);
            table.ends.push(u32::try_from(table.text.len()).unwrap_or(u32::MAX));
            table.letters.push(letters(term));
        }
        table.text.shrink_to_fit();
        table.ends.shrink_to_fit();
        table.letters.shrink_to_fit();
        table
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .unwrap_or(&0);
        self.text.get(usize::try_from(*start).ok()?..usize::try_from(end).ok()?)
    }

    pub(super) fn find(&self, term: &str) -> Option<usize> {
        let at = self.first_not_before(term);
        (self.get(at) == Some(term)).then_some(at)
    }

    /// Returns the terms that start with `prefix`.
    pub(super) fn starting_with(&self, prefix: &str) -> Range<usize> {
        let start = self.first_not_before(prefix);
        let count =
            (start..self.ends.len()).take_while(|at| self.get(*at).is_some_and(|term| term.starts_with(prefix)));
        start..start + count.count()
    }

    /// Returns the terms that differ from `word` by one typing error.
    pub(super) fn similar<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let of_word = letters(word);
        // A replaced character changes two bits. This excludes nearly all terms without a look at their text.
        let candidates = self.letters.iter().enumerate();
        let candidates = candidates.filter(move |(_, letters)| (*letters ^ of_word).count_ones() <= 2);
        candidates
            .filter(|(at, _)| self.get(*at).is_some_and(|term| edits::is_one_edit(word, term)))
            .map(|(at, _)| at)
    }

    fn first_not_before(&self, term: &str) -> usize {
        let mut range = 0..self.ends.len();
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            if self.get(middle).is_some_and(|at| at < term) {
                range.start = middle + 1;
            } else {
                range.end = middle;
            }
        }
        range.start
    }
}

/// Returns a set of the characters of a word: a bit for each, shared by several characters.
fn letters(word: &str) -> u32 {
    word.chars().fold(0, |set, c| set | 1 << (u32::from(c) % 32))
}

/// A list for each of several numbers, in one allocation.
#[derive(Clone, Debug)]
pub(super) struct GroupedList<T> {
    items: Vec<T>,
    /// The end of each group in `items`.
    ends: Vec<u32>,
}

impl<T> GroupedList<T> {
    pub(super) fn new(groups: impl Iterator<Item = Vec<T>>) -> Self {
        let (mut items, mut ends) = (Vec::new(), Vec::new());
        for group in groups {
            items.extend(group);
            ends.push(u32::try_from(items.len()).unwrap_or(u32::MAX));
        }
        items.shrink_to_fit();
        ends.shrink_to_fit();
        Self { items, ends }
    }

    pub(super) fn get(&self, number: usize) -> &[T] {
        let end = |number: usize| self.ends.get(number).and_then(|end| usize::try_from(*end).ok());
        let start = number.checked_sub(1).and_then(end).unwrap_or(0);
        end(number)
            .and_then(|end| self.items.get(start..end))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_found_by_name_by_their_start_and_with_an_error() {
        let table = TermTable::new(["", "a", "rest", "rust", "rustic", "trust"].into_iter());
        assert_eq!(
            (table.find("rust"), table.find("ru"), table.find("")),
            (Some(3), None, Some(0))
        );
        assert_eq!(table.starting_with("rust"), 3..5);
        assert_eq!(table.starting_with("x"), 6..6);
        assert_eq!(table.similar("rust").collect::<Vec<_>>(), [2, 5]);
    }

    #[test]
    fn a_group_has_its_items() {
        let list = GroupedList::new([vec![1, 2], vec![], vec![3]].into_iter());
        assert_eq!(
            [list.get(0), list.get(1), list.get(2), list.get(3)],
            [&[1, 2][..], &[], &[3], &[]]
        );
    }
}
