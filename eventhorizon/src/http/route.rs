use http::Method;

use super::files::File;
use crate::{Problem, ProblemKind};

/// A route of the contract.
#[derive(Clone, Copy, Debug)]
pub(super) enum Route<'a> {
    /// `/live`, `/live/{slug}`
    Live(Option<&'a str>),
    /// `/stats`, `/stats/{slug}`
    Stats(Option<&'a str>),
    /// `/likes/{slug}`
    Likes(&'a str),
    /// `/comments/{slug}`
    #[cfg(feature = "comments")]
    Comments(&'a str),
    /// `/client.js`, `/comments.js`, `/client.d.ts`, `/openapi.json`
    File(File),
}

impl<'a> Route<'a> {
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (first, page) = match path.strip_prefix('/')?.split_once('/') {
            None => (path.strip_prefix('/')?, None),
            Some((_, page)) if page.is_empty() || page.contains('/') => return None,
            Some((first, page)) => (first, Some(page)),
        };
        match (first, page) {
            ("live", page) => Some(Self::Live(page)),
            ("stats", page) => Some(Self::Stats(page)),
            ("likes", Some(page)) => Some(Self::Likes(page)),
            #[cfg(feature = "comments")]
            ("comments", Some(page)) => Some(Self::Comments(page)),
            ("client.js", None) => Some(Self::File(File::Script)),
            ("comments.js", None) if cfg!(feature = "comments") => Some(Self::File(File::Comments)),
            ("client.d.ts", None) => Some(Self::File(File::Types)),
            ("openapi.json", None) => Some(Self::File(File::Contract)),
            _ => None,
        }
    }

    /// Checks that the route supports the method.
    pub(super) fn check_method(self, method: &Method) -> Result<(), Problem> {
        let methods: &'static str = match self {
            Self::Live(_) | Self::Stats(_) | Self::File(_) => "GET, HEAD",
            Self::Likes(_) => "GET, HEAD, PUT, DELETE, POST",
            #[cfg(feature = "comments")]
            Self::Comments(_) => "GET, HEAD, POST",
        };
        if methods.split(", ").any(|known| known == method.as_str()) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::MethodNotAllowed).with_allow(methods))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new route does not compile without its path here.
    fn path(route: Route<'_>) -> &'static str {
        match route {
            Route::Live(None) => "/live",
            Route::Live(Some(_)) => "/live/{slug}",
            Route::Stats(None) => "/stats",
            Route::Stats(Some(_)) => "/stats/{slug}",
            Route::Likes(_) => "/likes/{slug}",
            Route::Comments(_) => "/comments/{slug}",
            Route::File(File::Script) => "/client.js",
            Route::File(File::Comments) => "/comments.js",
            Route::File(File::Types) => "/client.d.ts",
            Route::File(File::Contract) => "/openapi.json",
        }
    }

    #[test]
    fn the_document_lists_exactly_the_routes() {
        let document: serde_json::Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let documented = document["paths"].as_object().unwrap().keys().map(String::as_str);
        let documented: BTreeSet<&str> = documented.collect();
        assert_eq!(documented.len(), 10, "one for each arm of `path`");
        for documented in documented {
            assert_eq!(Route::parse(documented).map(path), Some(documented));
        }
    }

    #[test]
    fn only_exact_paths_match() {
        for path in [
            "/live",
            "/live/bread",
            "/stats",
            "/likes/bread",
            "/comments/bread",
            "/client.js",
        ] {
            assert!(Route::parse(path).is_some(), "{path}");
        }
        for path in [
            "",
            "/",
            "live",
            "/live/",
            "/live/a/b",
            "//live",
            "/likes",
            "/comments",
            "/client.js/",
            "/nothing",
        ] {
            assert!(Route::parse(path).is_none(), "{path}");
        }
    }
}
