use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};

use super::{Content, answer::set};
use crate::{client_js, client_types};

/// For an hour unasked, and for a day while a newer one is fetched.
const CACHE: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// What changes only with the program.
#[derive(Clone, Copy, Debug)]
pub(super) enum File {
    /// The script for pages of any kind.
    Script,
    /// Its types.
    Types,
    /// The contract, as OpenAPI 3.1.
    Contract,
}

/// The tags of the three, each a hash.
static TAGS: LazyLock<[String; 3]> = LazyLock::new(|| {
    [File::Script, File::Types, File::Contract].map(|file| format!("\"{}\"", blake3::hash(file.text().as_bytes())))
});

impl File {
    fn text(self) -> &'static str {
        match self {
            Self::Script => client_js(),
            Self::Types => client_types(),
            Self::Contract => include_str!("openapi.json"),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Script => "text/javascript; charset=utf-8",
            Self::Types => "text/plain; charset=utf-8",
            Self::Contract => "application/json",
        }
    }

    fn tag(self) -> &'static str {
        let [script, types, contract] = &*TAGS;
        match self {
            Self::Script => script,
            Self::Types => types,
            Self::Contract => contract,
        }
    }

    /// The file, unless the client has this very one.
    pub(super) fn answer(self, headers: &HeaderMap) -> Response<Content> {
        let is_known = self.is_known(headers);
        let text = if is_known { "" } else { self.text() };
        let mut answer = Response::new(Content::Bytes(Bytes::from_static(text.as_bytes())));
        if is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            set(&mut answer, header::CONTENT_TYPE, self.kind());
        }
        set(&mut answer, header::ETAG, self.tag());
        set(&mut answer, header::CACHE_CONTROL, CACHE);
        answer
    }

    /// A proxy that compresses a file makes its tag a weak one.
    fn is_known(self, headers: &HeaderMap) -> bool {
        let lists = headers.get_all(header::IF_NONE_MATCH).iter();
        lists.filter_map(|list| list.to_str().ok()).any(|list| {
            list.split(',').map(str::trim).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag == "*" || tag == self.tag()
            })
        })
    }
}
