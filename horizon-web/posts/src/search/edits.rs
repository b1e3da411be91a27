//! Small typing errors.

/// The minimum length of a word in which an error is allowed, in characters.
pub(super) const MIN_CHARS: usize = 4;

/// Returns whether the words differ by one inserted, removed or replaced character, or by two exchanged neighbours.
pub(super) fn is_one_edit(a: &str, b: &str) -> bool {
    let prefix = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    let prefix: usize = prefix.map(|(c, _)| c.len_utf8()).sum();
    let (a, b) = (a.get(prefix..).unwrap_or_default(), b.get(prefix..).unwrap_or_default());
    let suffix = a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b);
    let suffix: usize = suffix.map(|(c, _)| c.len_utf8()).sum();
    let middle = |text: &str| {
        let mut chars = text.get(..text.len() - suffix).unwrap_or_default().chars();
        (chars.next(), chars.next(), chars.next())
    };
    match (middle(a), middle(b)) {
        ((None, ..), (Some(_), None, _)) | ((Some(_), None, _), (None | Some(_), None, _)) => true,
        ((Some(a), Some(b), None), (Some(c), Some(d), None)) => (a, b) == (d, c),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_small_error_is_one_edit() {
        for other in [
            "presance",
            "presnce",
            "presennce",
            "persence",
            "presenec",
            "resence",
            "présence",
        ] {
            assert!(
                is_one_edit("presence", other) && is_one_edit(other, "presence"),
                "{other}"
            );
        }
        for (a, b) in [
            ("same", "same"),
            ("one", "two"),
            ("abcd", "badc"),
            ("ab", "abcd"),
            ("", "ab"),
        ] {
            assert!(!is_one_edit(a, b) && !is_one_edit(b, a), "{a} {b}");
        }
    }
}
