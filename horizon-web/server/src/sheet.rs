//! A page that is ready to be answered: rendered and compressed once, filled in for each reader.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header, header::InvalidHeaderValue},
    response::{IntoResponse, Response},
};
use horizon_app::{Blank, Piece, Template, Values};

use crate::brotli::{self, Run};

/// Texts between two blanks that are shorter are not worth a meta-block: 32 bytes.
const SHORT: usize = 32;

/// How many shapes of a page are kept compressed. The page of a reader who likes it has another than that of one who
/// does not, and one with ten readers another than one with nine.
const SHAPES: usize = 8;

/// How much the blanks of a page are expected to hold, in bytes.
const BLANKS: usize = 1_024;

const BROTLI: HeaderValue = HeaderValue::from_static("br");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The page says whether this reader likes it: it is theirs, and old as soon as it is sent.
pub(crate) const THEIRS: HeaderValue = HeaderValue::from_static("private, no-cache");

const VARY: HeaderValue = HeaderValue::from_static("accept-encoding, cookie");

/// A page, ready.
pub(crate) struct Sheet {
    parts: Vec<Part>,
    policy: HeaderValue,
    /// What tells this page from every other, and from itself before a change.
    digest: String,
    /// How long the texts are together, in bytes.
    length: usize,
    /// The shapes that were asked for last, the newest in front.
    shapes: Mutex<VecDeque<Arc<Shape>>>,
}

enum Part {
    /// The same in every answer.
    Text(Vec<u8>),
    /// Blanks and the short texts between them, and of the text behind them as much as brotli has to know.
    Gap(Vec<Item>),
}

enum Item {
    Text(Vec<u8>),
    Blank(Blank),
}

/// The texts compressed, for gaps of these lengths. Without texts it cannot be.
struct Shape {
    gaps: Vec<usize>,
    texts: Option<Vec<Vec<u8>>>,
}

impl Sheet {
    /// What is to be sent of a page.
    pub(crate) fn new(template: Template) -> Result<Self, InvalidHeaderValue> {
        let mut digest = blake3::Hasher::new();
        digest.update(template.policy.as_bytes());
        let mut length = 0;
        for piece in &template.pieces {
            if let Piece::Text(text) = piece {
                digest.update(text.as_bytes()).update(&[0]);
                length += text.len();
            }
        }
        Ok(Self {
            policy: HeaderValue::from_str(&template.policy)?,
            parts: parts(template.pieces),
            digest: format!("{:.16}", digest.finalize().to_hex()),
            length,
            shapes: Mutex::default(),
        })
    }

    /// What it takes in memory at most, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        u64::try_from(self.length * (1 + SHAPES)).unwrap_or(u64::MAX)
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The page with these values, in brotli for who takes it.
    pub(crate) fn answer(&self, values: &Values, takes_brotli: bool) -> Response {
        let fields = [(header::CONTENT_TYPE, HTML)];
        if takes_brotli && let Some(stream) = self.brotli(values) {
            let encoding = [(header::CONTENT_ENCODING, BROTLI)];
            return (self.fields(), fields, encoding, Body::from(stream)).into_response();
        }
        (self.fields(), fields, Body::from(self.plain(values))).into_response()
    }

    /// What a page and the word that it is still the same have in common.
    pub(crate) fn fields(&self) -> [(HeaderName, HeaderValue); 3] {
        [
            (header::CONTENT_SECURITY_POLICY, self.policy.clone()),
            (header::CACHE_CONTROL, THEIRS),
            (header::VARY, VARY),
        ]
    }

    fn plain(&self, values: &Values) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length + BLANKS);
        for part in &self.parts {
            match part {
                Part::Text(text) => bytes.extend_from_slice(text),
                Part::Gap(items) => fill(items, values, &mut bytes),
            }
        }
        bytes
    }

    fn brotli(&self, values: &Values) -> Option<Vec<u8>> {
        let gaps: Vec<Vec<u8>> = self.gaps().map(|items| filled(items, values)).collect();
        let shape = self.shape(&gaps);
        let (mut texts, mut gaps) = (shape.texts.as_ref()?.iter(), gaps.iter());
        let mut stream = Vec::with_capacity(self.length / 2 + BLANKS);
        for part in &self.parts {
            match part {
                Part::Text(_) => stream.extend_from_slice(texts.next()?),
                Part::Gap(_) => brotli::store(gaps.next()?, &mut stream),
            }
        }
        stream.push(brotli::END);
        Some(stream)
    }

    fn gaps(&self) -> impl Iterator<Item = &Vec<Item>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Gap(items) => Some(items),
            Part::Text(_) => None,
        })
    }

    /// The shape for gaps that are as long as these. Whoever is first compresses it, and the others wait.
    fn shape(&self, gaps: &[Vec<u8>]) -> Arc<Shape> {
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = || gaps.iter().map(Vec::len);
        if let Some(shape) = shapes.iter().find(|shape| shape.gaps.iter().copied().eq(lengths())) {
            return Arc::clone(shape);
        }
        let texts = self.compressed(gaps).unwrap_or_else(|error| {
            tracing::error!(%error, "a page could not be compressed");
            None
        });
        let shape = Arc::new(Shape {
            gaps: lengths().collect(),
            texts,
        });
        shapes.truncate(SHAPES - 1);
        shapes.push_front(Arc::clone(&shape));
        shape
    }

    fn compressed(&self, gaps: &[Vec<u8>]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut gaps = gaps.iter();
        let runs: Vec<Run<'_>> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Run::Text(text),
                Part::Gap(_) => Run::Gap(gaps.next().map_or(&[], Vec::as_slice)),
            })
            .collect();
        // What does not get smaller is sent as it is, and takes no more memory than it says.
        let is_smaller = |texts: &Vec<Vec<u8>>| texts.iter().map(Vec::len).sum::<usize>() < self.length;
        Ok(brotli::compressed(&runs)?.filter(is_smaller))
    }
}

/// The pieces as texts and gaps in turn.
fn parts(pieces: Vec<Piece>) -> Vec<Part> {
    let (mut parts, mut gap) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Blank(blank) => gap.push(Item::Blank(blank)),
            Piece::Text(text) if gap.is_empty() => parts.push(Part::Text(text.into())),
            Piece::Text(text) if text.len() < SHORT => gap.push(Item::Text(text.into())),
            Piece::Text(text) => {
                let (known, rest) = text.as_bytes().split_at(brotli::KNOWN);
                gap.push(Item::Text(known.to_vec()));
                parts.push(Part::Gap(std::mem::take(&mut gap)));
                parts.push(Part::Text(rest.to_vec()));
            }
        }
    }
    if !gap.is_empty() {
        parts.push(Part::Gap(gap));
    }
    parts
}

fn filled(items: &[Item], values: &Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    fill(items, values, &mut bytes);
    bytes
}

fn fill(items: &[Item], values: &Values, bytes: &mut Vec<u8>) {
    for item in items {
        match item {
            Item::Text(text) => bytes.extend_from_slice(text),
            Item::Blank(blank) => bytes.extend_from_slice(blank.fill(values).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use horizon_app::Count;
    use horizon_core::{EventId, wire::PageStats};

    use super::*;

    /// A number that looks random (`SplitMix64`).
    fn next(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pick<T: Copy>(seed: &mut u64, among: &[T]) -> T {
        among[usize::try_from(next(seed)).unwrap() % among.len()]
    }

    fn text(seed: &mut u64, most_words: usize) -> String {
        let words = [
            "<p>",
            "</p>\n",
            "the ",
            "time and ",
            "\u{9d6}",
            "house of ",
            "href=\"/\" ",
            "1,204",
            "\u{1f310}",
        ];
        let count = pick(seed, &[0, 1, 3, most_words / 10, most_words]);
        (0..count).map(|_| pick(seed, &words)).collect()
    }

    fn blank(seed: &mut u64) -> Blank {
        pick(
            seed,
            &[
                Blank::Grouped(Count::Viewers),
                Blank::Plain(Count::Visits),
                Blank::Word(Count::Likes, "like", "likes"),
                Blank::LikeOutcome,
                Blank::NotLiked,
                Blank::LikeId,
                Blank::CommentId,
            ],
        )
    }

    fn values(seed: &mut u64) -> Values {
        let mut number = || next(seed) >> pick(&mut next(seed), &[63, 60, 50, 30, 0]);
        let (viewers, visits, likes, comments) = (number(), number(), number(), number());
        Values {
            numbers: (viewers % 5 != 0).then_some(PageStats {
                viewers,
                visits,
                likes,
                comments,
            }),
            totals: Some(PageStats::default()),
            liked: viewers % 2 == 0,
            like_id: EventId::from_u128(u128::from(next(seed))),
            comment_id: EventId::from_u128(u128::from(next(seed)) << 60),
        }
    }

    fn template(seed: &mut u64) -> Template {
        let blanks = pick(seed, &[0, 1, 5, 20, 60]);
        let mut pieces = vec![Piece::Text(text(seed, 2_000))];
        for _ in 0..blanks {
            pieces.extend([Piece::Blank(blank(seed)), Piece::Text(text(seed, 50))]);
        }
        Template {
            status: 200,
            policy: "default-src 'none'".into(),
            pieces,
        }
    }

    #[test]
    fn a_page_reads_the_same_in_brotli_whatever_is_filled_in() {
        let seed = u64::from(std::process::id());
        let (mut dice, mut compressed) = (seed, 0);
        for round in 0..40 {
            let template = template(&mut dice);
            let sheet = Sheet::new(template.clone()).unwrap();
            for _ in 0..2 * SHAPES {
                let values = values(&mut dice);
                let expected = template.fill(&values);
                assert!(
                    sheet.plain(&values) == expected.as_bytes(),
                    "seed {seed}, round {round}"
                );
                let Some(stream) = sheet.brotli(&values) else { continue };
                let mut read = String::new();
                let mut decoder = ::brotli::Decompressor::new(stream.as_slice(), 4_096);
                decoder.read_to_string(&mut read).unwrap();
                assert!(read == expected, "seed {seed}, round {round}");
                compressed += 1;
            }
            assert!(sheet.shapes.lock().unwrap().len() <= SHAPES);
        }
        assert!(compressed > 300, "{compressed} with seed {seed}");
    }

    #[test]
    fn pages_that_say_something_else_have_another_digest() {
        let sheet = |text: &str| {
            Sheet::new(Template {
                status: 200,
                policy: String::new(),
                pieces: vec![Piece::Text(text.into())],
            })
        };
        assert_ne!(sheet("one").unwrap().digest(), sheet("two").unwrap().digest());
    }
}
