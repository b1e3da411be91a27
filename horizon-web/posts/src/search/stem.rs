//! The stems of words, by language.

use snowball_stemmers_rs::{Algorithm, Stemmer};

use crate::{Language, unicode::fold};

/// A language with a Snowball stemmer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StemLanguage(&'static str);

/// The stemmers, by language.
const ALGORITHMS: [(&str, Algorithm); 26] = [
    ("ar", Algorithm::Arabic),
    ("ca", Algorithm::Catalan),
    ("cs", Algorithm::Czech),
    ("da", Algorithm::Danish),
    ("de", Algorithm::German),
    ("el", Algorithm::Greek),
    ("en", Algorithm::English),
    ("es", Algorithm::Spanish),
    ("eu", Algorithm::Basque),
    ("fi", Algorithm::Finnish),
    ("fr", Algorithm::French),
    ("hi", Algorithm::Hindi),
    ("hu", Algorithm::Hungarian),
    ("id", Algorithm::Indonesian),
    ("it", Algorithm::Italian),
    ("lt", Algorithm::Lithuanian),
    ("nb", Algorithm::Norwegian),
    ("nl", Algorithm::Dutch),
    ("no", Algorithm::Norwegian),
    ("pl", Algorithm::Polish),
    ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian),
    ("ru", Algorithm::Russian),
    ("sv", Algorithm::Swedish),
    ("tr", Algorithm::Turkish),
    ("uk", Algorithm::Ukrainian),
];

impl StemLanguage {
    pub(super) fn new(language: &Language) -> Option<Self> {
        let language = language.identifier().language;
        let mut known = ALGORITHMS.iter();
        known
            .find(|(code, _)| language.as_str() == *code)
            .map(|(code, _)| Self(code))
    }

    /// Returns the folded stem of a word in lower case.
    pub(super) fn stem(self, word: &str) -> Option<String> {
        let (_, algorithm) = ALGORITHMS.iter().find(|(code, _)| *code == self.0)?;
        let is_word = word.chars().all(char::is_alphabetic);
        is_word.then(|| fold(&Stemmer::create(*algorithm).stem(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem_language(tag: &str) -> Option<StemLanguage> {
        StemLanguage::new(&tag.parse().unwrap())
    }

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for (language, forms) in [
            ("en", ["reader", "readers"]),
            ("de-AT", ["häuser", "hauses"]),
            ("fr", ["lectrices", "lectrice"]),
            ("es", ["canciones", "canción"]),
            ("ar", ["الكتاب", "كتاب"]),
        ] {
            let [a, b] = forms.map(|word| stem_language(language).unwrap().stem(word).unwrap());
            assert_eq!(a, b);
        }
        assert_eq!(stem_language("ja"), None);
        assert_eq!(stem_language("en").unwrap().stem("c++"), None);
    }

    #[test]
    fn no_word_stops_a_stemmer() {
        let letters: Vec<char> = "aeiouylnrstgbcdmpàéîöüßñçğışабвгдьияінاأةيىلوتن\u{915}\u{93f}λσ"
            .chars()
            .collect();
        let mut random = 88_172_645_463_325_252_u64;
        let mut next = move |bound: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % bound as u64).unwrap()
        };
        for _ in 0..2_000 {
            let length = 1 + next(12);
            let word: String = (0..length).map(|_| letters[next(letters.len())]).collect();
            for (_, algorithm) in ALGORITHMS {
                let _ = Stemmer::create(algorithm).stem(&word);
            }
        }
    }
}
