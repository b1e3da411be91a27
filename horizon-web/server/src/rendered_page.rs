//! Rendered pages with compressed variants.

use std::{collections::VecDeque, io, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header, header::InvalidHeaderValue},
    response::{IntoResponse, Response},
};
use eventhorizon::http::ContentCoding;
use horizon_app::{Slot, SlotValues, Template, TemplatePart, Texts};
use parking_lot::Mutex;

use crate::brotli_gaps::{self, Section};

/// The minimum length of a text between two slots that is worth a meta-block: 32 bytes.
const MIN_TEXT_BYTES: usize = 32;

/// The maximum number of compressed variants of a page. The lengths of the slot values select the variant: pages with 9
/// and with 10 viewers have different ones.
const MAX_VARIANTS: usize = 8;

/// The expected size of all slot values of a page, in bytes.
const SLOT_BYTES: usize = 1_024;

const BROTLI: HeaderValue = HeaderValue::from_static("br");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Pages contain whether the reader likes them, and numbers that change at any time.
pub(crate) const PRIVATE_NO_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

const VARY: HeaderValue = HeaderValue::from_static("accept-encoding, cookie");

/// A rendered page. Each response fills in the slots.
pub(crate) struct RenderedPage {
    segments: Vec<Segment>,
    policy: HeaderValue,
    texts: Texts,
    /// A hash of the constant text.
    digest: String,
    /// The size of the constant text, in bytes.
    text_bytes: usize,
    /// The most recently compressed variants, newest first.
    variants: Mutex<VecDeque<Arc<Variant>>>,
}

enum Segment {
    /// Constant text.
    Text(Vec<u8>),
    /// Slots, short texts between them, and the first [`brotli_gaps::CONTEXT_BYTES`] of the next text.
    Gap(Vec<GapItem>),
}

enum GapItem {
    Text(Vec<u8>),
    Slot(Slot),
}

/// The compressed texts for gaps of these lengths. `None` if compression fails or does not help.
struct Variant {
    gap_lengths: Vec<usize>,
    texts: Option<Vec<Vec<u8>>>,
}

impl RenderedPage {
    pub(crate) fn new(template: Template) -> Result<Self, InvalidHeaderValue> {
        let mut digest = blake3::Hasher::new();
        digest.update(template.policy.as_bytes());
        let mut text_bytes = 0;
        for part in &template.parts {
            if let TemplatePart::Text(text) = part {
                digest.update(text.as_bytes()).update(&[0]);
                text_bytes += text.len();
            }
        }
        Ok(Self {
            policy: HeaderValue::from_str(&template.policy)?,
            segments: segments(template.parts),
            texts: template.texts,
            digest: format!("{:.16}", digest.finalize().to_hex()),
            text_bytes,
            variants: Mutex::default(),
        })
    }

    /// Returns the maximum memory that the page uses, in bytes.
    pub(crate) fn max_bytes(&self) -> u64 {
        u64::try_from(self.text_bytes * (1 + MAX_VARIANTS)).unwrap_or(u64::MAX)
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns the page with these values, compressed if the client prefers brotli. A layer compresses it with gzip.
    pub(crate) fn respond(&self, values: &SlotValues, request: &HeaderMap) -> Response {
        let content_type = [(header::CONTENT_TYPE, HTML)];
        if ContentCoding::preferred(request) == ContentCoding::Brotli
            && let Some(stream) = self.brotli(values)
        {
            let encoding = [(header::CONTENT_ENCODING, BROTLI)];
            return (self.headers(), content_type, encoding, Body::from(stream)).into_response();
        }
        (self.headers(), content_type, Body::from(self.uncompressed(values))).into_response()
    }

    /// Returns the headers that `200 OK` and `304 Not Modified` have in common.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 3] {
        [
            (header::CONTENT_SECURITY_POLICY, self.policy.clone()),
            (header::CACHE_CONTROL, PRIVATE_NO_CACHE),
            (header::VARY, VARY),
        ]
    }

    fn uncompressed(&self, values: &SlotValues) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text_bytes + SLOT_BYTES);
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => bytes.extend_from_slice(text),
                Segment::Gap(items) => bytes.extend(fill(items, values, &self.texts)),
            }
        }
        bytes
    }

    fn brotli(&self, values: &SlotValues) -> Option<Vec<u8>> {
        let gaps = self.segments.iter().filter_map(|segment| match segment {
            Segment::Gap(items) => Some(fill(items, values, &self.texts)),
            Segment::Text(_) => None,
        });
        let gaps: Vec<Vec<u8>> = gaps.collect();
        let variant = self.variant(&gaps);
        let (mut texts, mut gaps) = (variant.texts.as_ref()?.iter(), gaps.iter());
        let mut stream = Vec::with_capacity(self.text_bytes / 2 + SLOT_BYTES);
        for segment in &self.segments {
            match segment {
                Segment::Text(_) => stream.extend_from_slice(texts.next()?),
                Segment::Gap(_) => brotli_gaps::store(gaps.next()?, &mut stream),
            }
        }
        stream.push(brotli_gaps::END);
        Some(stream)
    }

    /// Returns the variant for gaps of these lengths. The lock makes concurrent calls compress it once.
    fn variant(&self, gaps: &[Vec<u8>]) -> Arc<Variant> {
        let mut variants = self.variants.lock();
        let lengths = || gaps.iter().map(Vec::len);
        if let Some(variant) = variants
            .iter()
            .find(|one| one.gap_lengths.iter().copied().eq(lengths()))
        {
            return Arc::clone(variant);
        }
        let texts = self.compress(gaps).unwrap_or_else(|error| {
            tracing::error!(%error, "compressing a page failed");
            None
        });
        let variant = Arc::new(Variant {
            gap_lengths: lengths().collect(),
            texts,
        });
        variants.truncate(MAX_VARIANTS - 1);
        variants.push_front(Arc::clone(&variant));
        variant
    }

    fn compress(&self, gaps: &[Vec<u8>]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut gaps = gaps.iter();
        let sections = self.segments.iter().map(|segment| match segment {
            Segment::Text(text) => Section::Text(text),
            Segment::Gap(_) => Section::Gap(gaps.next().map_or(&[], Vec::as_slice)),
        });
        let sections: Vec<Section<'_>> = sections.collect();
        // Larger output is not used, and would exceed `max_bytes`.
        let is_smaller = |texts: &Vec<Vec<u8>>| texts.iter().map(Vec::len).sum::<usize>() < self.text_bytes;
        Ok(brotli_gaps::compress(&sections)?.filter(is_smaller))
    }
}

/// Groups the parts into alternating texts and gaps.
fn segments(parts: Vec<TemplatePart>) -> Vec<Segment> {
    let (mut segments, mut gap) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            TemplatePart::Slot(slot) => gap.push(GapItem::Slot(slot)),
            TemplatePart::Text(text) if gap.is_empty() => segments.push(Segment::Text(text.into())),
            TemplatePart::Text(text) if text.len() < MIN_TEXT_BYTES => gap.push(GapItem::Text(text.into())),
            TemplatePart::Text(text) => {
                let (context, rest) = text.as_bytes().split_at(brotli_gaps::CONTEXT_BYTES);
                gap.push(GapItem::Text(context.to_vec()));
                segments.push(Segment::Gap(std::mem::take(&mut gap)));
                segments.push(Segment::Text(rest.to_vec()));
            }
        }
    }
    if !gap.is_empty() {
        segments.push(Segment::Gap(gap));
    }
    segments
}

fn fill(items: &[GapItem], values: &SlotValues, texts: &Texts) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        match item {
            GapItem::Text(text) => bytes.extend_from_slice(text),
            GapItem::Slot(slot) => bytes.extend_from_slice(slot.fill(values, texts).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use horizon_app::{Count, TextUnit};
    use horizon_core::{EventId, wire::PageStats};

    use super::*;

    fn pick<T: Copy>(random: &mut fastrand::Rng, among: &[T]) -> T {
        among[random.usize(..among.len())]
    }

    fn text(random: &mut fastrand::Rng, max_words: usize) -> String {
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
        let count = pick(random, &[0, 1, 3, max_words / 10, max_words]);
        (0..count).map(|_| pick(random, &words)).collect()
    }

    fn slot(random: &mut fastrand::Rng) -> Slot {
        pick(
            random,
            &[
                Slot::Number(Count::Viewers),
                Slot::Json(Count::Visits),
                Slot::Unit(Count::Likes, TextUnit::Likes),
                Slot::Liked,
                Slot::NotLiked,
                Slot::LikeId,
                Slot::CommentId,
            ],
        )
    }

    fn values(random: &mut fastrand::Rng) -> SlotValues {
        let mut number = || random.u64(..) >> pick(random, &[63, 60, 50, 30, 0]);
        let (viewers, visits, likes, comments) = (number(), number(), number(), number());
        SlotValues {
            page: (viewers % 5 != 0).then_some(PageStats {
                viewers,
                visits,
                likes,
                comments,
                ..PageStats::default()
            }),
            site: Some(PageStats::default()),
            liked: viewers % 2 == 0,
            like_id: EventId::from_u128(u128::from(random.u64(..))),
            comment_id: EventId::from_u128(u128::from(random.u64(..)) << 60),
        }
    }

    fn template(random: &mut fastrand::Rng) -> Template {
        let slots = pick(random, &[0, 1, 5, 20, 60]);
        let mut parts = vec![TemplatePart::Text(text(random, 2_000))];
        for _ in 0..slots {
            parts.extend([TemplatePart::Slot(slot(random)), TemplatePart::Text(text(random, 50))]);
        }
        Template {
            status: 200,
            policy: "default-src 'none'".into(),
            parts,
            texts: Texts::default(),
        }
    }

    #[test]
    fn a_brotli_stream_decompresses_to_the_page_for_all_values() {
        let seed = u64::from(std::process::id());
        let (mut random, mut compressed) = (fastrand::Rng::with_seed(seed), 0);
        for round in 0..40 {
            let template = template(&mut random);
            let page = RenderedPage::new(template.clone()).unwrap();
            for _ in 0..2 * MAX_VARIANTS {
                let values = values(&mut random);
                let expected = template.fill(&values);
                assert!(
                    page.uncompressed(&values) == expected.as_bytes(),
                    "seed {seed}, round {round}"
                );
                let Some(stream) = page.brotli(&values) else { continue };
                let mut read = String::new();
                let mut decoder = ::brotli::Decompressor::new(stream.as_slice(), 4_096);
                decoder.read_to_string(&mut read).unwrap();
                assert!(read == expected, "seed {seed}, round {round}");
                compressed += 1;
            }
            assert!(page.variants.lock().len() <= MAX_VARIANTS);
        }
        assert!(compressed > 300, "{compressed} with seed {seed}");
    }

    #[test]
    fn pages_with_different_text_have_different_digests() {
        let page = |text: &str| {
            RenderedPage::new(Template {
                status: 200,
                policy: String::new(),
                parts: vec![TemplatePart::Text(text.into())],
                texts: Texts::default(),
            })
        };
        assert_ne!(page("one").unwrap().digest(), page("two").unwrap().digest());
    }
}
