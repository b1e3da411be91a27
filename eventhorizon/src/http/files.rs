use std::{borrow::Cow, sync::LazyLock};

use http::{HeaderMap, HeaderName, Response, StatusCode, header};

use super::{
    CompressedBody, ContentCoding, ResponseBody, if_none_match,
    response::{set, set_coding},
    route::Route,
};
use crate::{
    client::{COMMENTS, EVENTS, FINISHED},
    client_js, client_types,
};

/// Fresh for an hour, and usable for a day while it is revalidated.
const CACHE_CONTROL: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// Fresh for a year: the URL names this version.
const VERSION_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The digits of a hash in a URL.
const VERSION_DIGITS: usize = 12;

/// The description of all routes, in OpenAPI 3.1.
const CONTRACT: &str = include_str!("openapi.json");

/// A static file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    /// `client.js`
    Script,
    /// `comments.js`
    Comments,
    /// `events.js`
    Events,
    /// `finished.js`
    Finished,
    /// `client.d.ts`
    Types,
    /// `openapi.json`
    Contract,
    /// `dashboard.css`
    #[cfg(feature = "dashboard")]
    DashboardStyle,
    /// `dashboard.js`
    #[cfg(feature = "dashboard")]
    DashboardScript,
}

/// The content of a file.
struct FileContent {
    body: CompressedBody,
    /// A hash of the body: the entity tag without quotes and without the coding.
    hash: String,
}

#[cfg(feature = "dashboard")]
static DASHBOARD_STYLE: LazyLock<FileContent> = LazyLock::new(|| FileContent::new(File::DashboardStyle.text()));

#[cfg(feature = "dashboard")]
static DASHBOARD_SCRIPT: LazyLock<FileContent> = LazyLock::new(|| FileContent::new(File::DashboardScript.text()));

static CONTENTS: LazyLock<[FileContent; 6]> = LazyLock::new(|| {
    let files = [
        File::Script,
        File::Comments,
        File::Events,
        File::Finished,
        File::Types,
        File::Contract,
    ];
    files.map(|file| FileContent::new(file.text()))
});

impl FileContent {
    fn new(text: Cow<'static, str>) -> Self {
        Self {
            hash: blake3::hash(text.as_bytes()).to_string(),
            body: match text {
                Cow::Borrowed(text) => CompressedBody::new(text),
                Cow::Owned(text) => CompressedBody::new(text),
            },
        }
    }
}

impl File {
    fn text(self) -> Cow<'static, str> {
        match self {
            Self::Script => client_js().into(),
            Self::Comments => COMMENTS.into(),
            Self::Events => EVENTS.into(),
            Self::Finished => FINISHED.into(),
            Self::Types => client_types().into(),
            Self::Contract if cfg!(all(feature = "comments", feature = "dashboard")) => CONTRACT.into(),
            Self::Contract => own_routes(CONTRACT).into(),
            #[cfg(feature = "dashboard")]
            Self::DashboardStyle => crate::dashboard::STYLE.into(),
            #[cfg(feature = "dashboard")]
            Self::DashboardScript => crate::dashboard::SCRIPT.into(),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Script | Self::Comments | Self::Events | Self::Finished => "text/javascript; charset=utf-8",
            Self::Types => "text/plain; charset=utf-8",
            Self::Contract => "application/json",
            #[cfg(feature = "dashboard")]
            Self::DashboardStyle => "text/css; charset=utf-8",
            #[cfg(feature = "dashboard")]
            Self::DashboardScript => "text/javascript; charset=utf-8",
        }
    }

    fn content(self) -> &'static FileContent {
        let [script, comments, events, finished, types, contract] = &*CONTENTS;
        match self {
            Self::Script => script,
            Self::Comments => comments,
            Self::Events => events,
            Self::Finished => finished,
            Self::Types => types,
            Self::Contract => contract,
            #[cfg(feature = "dashboard")]
            Self::DashboardStyle => &DASHBOARD_STYLE,
            #[cfg(feature = "dashboard")]
            Self::DashboardScript => &DASHBOARD_SCRIPT,
        }
    }

    /// Returns the start of a hash of the content. Caches keep a URL with `?v=` and this version for a year.
    pub(crate) fn version(self) -> &'static str {
        self.content().hash.get(..VERSION_DIGITS).unwrap_or_default()
    }

    /// Returns the file, compressed if the client accepts it, or 304 if the client has it. `query` may name its
    /// [version](Self::version).
    pub(super) fn response(self, headers: &HeaderMap, query: &str) -> Response<ResponseBody> {
        let content = self.content();
        let (bytes, coding) = content.body.in_coding(ContentCoding::preferred(headers));
        // Each coding has a tag of its own (RFC 9110 §8.8.3.3).
        let tag = match coding.name() {
            Some(coding) => format!("{}-{coding}", content.hash),
            None => content.hash.clone(),
        };
        let mut response = if if_none_match(headers).any(|known| known == "*" || known == tag) {
            let mut response = Response::new(ResponseBody::Bytes("".into()));
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(ResponseBody::Bytes(bytes));
            set(&mut response, header::CONTENT_TYPE, self.media_type());
            set_coding(&mut response, coding);
            response
        };
        set(&mut response, header::ETAG, &format!("\"{tag}\""));
        let is_versioned = query.strip_prefix("v=") == Some(self.version());
        let cache_control = if is_versioned {
            VERSION_CACHE_CONTROL
        } else {
            CACHE_CONTROL
        };
        set(&mut response, header::CACHE_CONTROL, cache_control);
        set(&mut response, header::VARY, "accept-encoding");
        // Pages of other origins may load the script.
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        set(&mut response, policy, "cross-origin");
        response
    }
}

/// Returns the description without the routes that this build lacks.
fn own_routes(contract: &str) -> String {
    let mut document: serde_json::Value = serde_json::from_str(contract).unwrap_or_default();
    if let Some(paths) = document.get_mut("paths").and_then(serde_json::Value::as_object_mut) {
        paths.retain(|path, _| Route::parse(path).is_some());
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_lists_only_routes_of_this_build() {
        let contract = r#"{"info":{},"paths":{"/nothing/{slug}":{},"/stats":{}}}"#;
        assert_eq!(own_routes(contract), r#"{"info":{},"paths":{"/stats":{}}}"#);
    }
}
