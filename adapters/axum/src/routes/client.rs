//! The script for pages of any kind, and its types.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// For an hour unasked, and for a day while a newer one is fetched.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600, stale-while-revalidate=86400");

static SCRIPT: LazyLock<File> = LazyLock::new(|| File {
    kind: HeaderValue::from_static("text/javascript; charset=utf-8"),
    ..File::new(slim(include_str!("../client/client.js")))
});

static TYPES: LazyLock<File> = LazyLock::new(|| File::new(include_str!("../client/client.d.ts").to_owned()));

/// `GET /client.js`: the script.
pub(super) async fn script(headers: HeaderMap) -> Response {
    SCRIPT.answer(&headers)
}

/// `GET /client.d.ts`: what the script exports, for TypeScript and for whoever reads it.
pub(super) async fn types(headers: HeaderMap) -> Response {
    TYPES.answer(&headers)
}

/// A file that changes only with the program.
struct File {
    kind: HeaderValue,
    etag: String,
    text: String,
}

impl File {
    fn new(text: String) -> Self {
        Self {
            kind: HeaderValue::from_static("text/plain; charset=utf-8"),
            etag: format!("\"{}\"", blake3::hash(text.as_bytes()).to_hex()),
            text,
        }
    }

    fn answer(&'static self, asked: &HeaderMap) -> Response {
        let headers = [(header::ETAG, self.etag.as_str())];
        let cache = [(header::CACHE_CONTROL, CACHE)];
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers, cache).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind.clone())];
        (headers, cache, kind, self.text.as_str()).into_response()
    }

    /// Whether the client has this very file. A proxy that compresses it makes its tag a weak one.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let lists = asked.get_all(header::IF_NONE_MATCH).iter();
        lists.filter_map(|list| list.to_str().ok()).any(|list| {
            list.split(',').map(str::trim).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag == "*" || tag == self.etag
            })
        })
    }
}

/// The script without indentation and without lines that are comments: a third of it is for whoever reads the source.
///
/// Behind `;`, `{` and `,` the end of a line means nothing, so those lines are joined. No string of the script spans lines.
fn slim(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let mut slim = String::with_capacity(source.len());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        slim.push_str(line);
        if !line.ends_with([';', '{', ',']) {
            slim.push('\n');
        }
    }
    slim
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The most that the script may cost a reader, in bytes after brotli.
    const BUDGET: usize = 2048;

    #[test]
    fn the_script_costs_a_reader_at_most_two_kilobytes() {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        writer.write_all(SCRIPT.text.as_bytes()).unwrap();
        let size = writer.into_inner().len();
        assert!(size <= BUDGET, "{size} bytes");
    }

    #[test]
    fn what_is_stripped_from_the_script_is_comments_indentation_and_needless_line_ends() {
        let source = "// one\nconst a = [\n  1,\n\n  // two\n  2\n];\nconst f = () => {\n  a\n};\n";
        assert_eq!(slim(source), "const a = [\n1,2\n];const f = () => {a\n};");
    }

    #[test]
    fn no_string_of_the_script_spans_lines() {
        for line in include_str!("../client/client.js")
            .lines()
            .filter(|line| !line.trim().starts_with("//"))
        {
            for quote in ['"', '`'] {
                assert_eq!(line.matches(quote).count() % 2, 0, "{line}");
            }
            assert!(!line.contains(['\'', '\\']) && !line.contains("/*"), "{line}");
        }
    }
}
