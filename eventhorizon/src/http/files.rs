use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};

use super::{ResponseBody, if_none_match, response::set};
use crate::{client::COMMENTS, client_js, client_types};

/// Fresh for an hour, and usable for a day while it is revalidated.
const CACHE_CONTROL: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// A static file.
#[derive(Clone, Copy, Debug)]
pub(super) enum File {
    /// `client.js`
    Script,
    /// `comments.js`
    Comments,
    /// `client.d.ts`
    Types,
    /// `openapi.json`
    Contract,
}

/// The entity tags of the files, without quotes: hashes of their content.
static TAGS: LazyLock<[String; 4]> = LazyLock::new(|| {
    [File::Script, File::Comments, File::Types, File::Contract]
        .map(|file| blake3::hash(file.text().as_bytes()).to_string())
});

impl File {
    fn text(self) -> &'static str {
        match self {
            Self::Script => client_js(),
            Self::Comments => COMMENTS,
            Self::Types => client_types(),
            Self::Contract => include_str!("openapi.json"),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Script | Self::Comments => "text/javascript; charset=utf-8",
            Self::Types => "text/plain; charset=utf-8",
            Self::Contract => "application/json",
        }
    }

    fn tag(self) -> &'static str {
        let [script, comments, types, contract] = &*TAGS;
        match self {
            Self::Script => script,
            Self::Comments => comments,
            Self::Types => types,
            Self::Contract => contract,
        }
    }

    /// Returns the file, or 304 if the client has it.
    pub(super) fn response(self, headers: &HeaderMap) -> Response<ResponseBody> {
        let is_cached = if_none_match(headers).any(|tag| tag == "*" || tag == self.tag());
        let text = if is_cached { "" } else { self.text() };
        let mut response = Response::new(ResponseBody::Bytes(Bytes::from_static(text.as_bytes())));
        if is_cached {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            set(&mut response, header::CONTENT_TYPE, self.media_type());
        }
        set(&mut response, header::ETAG, &format!("\"{}\"", self.tag()));
        set(&mut response, header::CACHE_CONTROL, CACHE_CONTROL);
        response
    }
}
