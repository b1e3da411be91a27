//! A page that is ready to be answered: rendered and compressed once, filled in for each reader.

use std::io;

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use horizon_app::{Blank, Piece, Template, Values};

use crate::brotli;

/// What is shorter does not get smaller: 128 bytes.
const WORTH_COMPRESSING: usize = 128;

/// How much the blanks of a page are expected to hold, in bytes.
const BLANKS: usize = 512;

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
    plain_bytes: usize,
    brotli_bytes: usize,
}

enum Part {
    Text { plain: Bytes, brotli: Option<Bytes> },
    Blank(Blank),
}

impl Sheet {
    /// Compresses what can be.
    pub(crate) fn new(template: Template) -> io::Result<Self> {
        let policy = HeaderValue::from_str(&template.policy).map_err(io::Error::other)?;
        let mut digest = blake3::Hasher::new();
        digest.update(template.policy.as_bytes());
        let (mut plain_bytes, mut brotli_bytes) = (BLANKS, BLANKS);
        let mut parts = Vec::with_capacity(template.pieces.len());
        for piece in template.pieces {
            let part = match piece {
                Piece::Text(text) => {
                    digest.update(text.as_bytes()).update(&[0]);
                    let part = Part::text(text)?;
                    plain_bytes += part.plain().len();
                    brotli_bytes += part.brotli().map_or(part.plain().len(), Bytes::len);
                    part
                }
                Piece::Blank(blank) => Part::Blank(blank),
            };
            parts.push(part);
        }
        Ok(Self {
            parts,
            policy,
            digest: format!("{:.16}", digest.finalize().to_hex()),
            plain_bytes,
            brotli_bytes,
        })
    }

    /// What it takes in memory, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        u64::try_from(self.plain_bytes + self.brotli_bytes).unwrap_or(u64::MAX)
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The page with these values, in brotli for who takes it.
    pub(crate) fn answer(&self, values: &Values, takes_brotli: bool) -> Response {
        let fields = [(header::CONTENT_TYPE, HTML)];
        if takes_brotli {
            let encoding = [(header::CONTENT_ENCODING, BROTLI)];
            (self.fields(), fields, encoding, Body::from(self.brotli(values))).into_response()
        } else {
            (self.fields(), fields, Body::from(self.plain(values))).into_response()
        }
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
        let mut bytes = Vec::with_capacity(self.plain_bytes);
        for part in &self.parts {
            match part {
                Part::Text { plain, .. } => bytes.extend_from_slice(plain),
                Part::Blank(blank) => bytes.extend_from_slice(blank.fill(values).as_bytes()),
            }
        }
        bytes
    }

    fn brotli(&self, values: &Values) -> Vec<u8> {
        let mut stream = Vec::with_capacity(self.brotli_bytes);
        stream.extend_from_slice(&brotli::START);
        // Blanks and the short texts between them share a meta-block.
        let mut stored = Vec::with_capacity(BLANKS);
        for part in &self.parts {
            match part {
                Part::Text { brotli: Some(part), .. } => {
                    brotli::store(&stored, &mut stream);
                    stored.clear();
                    stream.extend_from_slice(part);
                }
                Part::Text { plain, .. } => stored.extend_from_slice(plain),
                Part::Blank(blank) => stored.extend_from_slice(blank.fill(values).as_bytes()),
            }
        }
        brotli::store(&stored, &mut stream);
        stream.push(brotli::END);
        stream
    }
}

impl Part {
    fn text(text: String) -> io::Result<Self> {
        let brotli = if text.len() < WORTH_COMPRESSING {
            None
        } else {
            Some(brotli::compressed(&text)?).filter(|part| part.len() < text.len())
        };
        Ok(Self::Text {
            plain: text.into(),
            brotli: brotli.map(Bytes::from),
        })
    }

    fn plain(&self) -> &[u8] {
        match self {
            Self::Text { plain, .. } => plain,
            Self::Blank(_) => &[],
        }
    }

    fn brotli(&self) -> Option<&Bytes> {
        match self {
            Self::Text { brotli, .. } => brotli.as_ref(),
            Self::Blank(_) => None,
        }
    }
}
