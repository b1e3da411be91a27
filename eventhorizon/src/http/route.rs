use http::Method;

use super::files::File;
use crate::{Problem, ProblemKind};

/// What can be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Route<'a> {
    /// `/live`, `/live/{slug}`
    Live(Option<&'a str>),
    /// `/stats`, `/stats/{slug}`
    Stats(Option<&'a str>),
    /// `/likes/{slug}`
    Likes(&'a str),
    /// `/comments/{slug}`
    Comments(&'a str),
    /// `/client.js`, `/client.d.ts`, `/openapi.json`
    File(File),
}

impl<'a> Route<'a> {
    /// What stands at this path, if anything does.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let (first, page) = match path.strip_prefix('/')?.split_once('/') {
            None => (path.strip_prefix('/')?, None),
            Some((_, page)) if page.is_empty() || page.contains('/') => return None,
            Some((first, page)) => (first, Some(page)),
        };
        match (first, page) {
            ("live", page) => Some(Self::Live(page)),
            ("stats", page) => Some(Self::Stats(page)),
            ("likes", Some(page)) => Some(Self::Likes(page)),
            ("comments", Some(page)) => Some(Self::Comments(page)),
            ("client.js", None) => Some(Self::File(File::Script)),
            ("client.d.ts", None) => Some(Self::File(File::Types)),
            ("openapi.json", None) => Some(Self::File(File::Contract)),
            _ => None,
        }
    }

    /// Whether this method applies.
    pub(super) fn check(self, method: &Method) -> Result<(), Problem> {
        let methods: &'static str = match self {
            Self::Live(_) | Self::Stats(_) | Self::File(_) => "GET, HEAD",
            Self::Likes(_) => "GET, HEAD, PUT, DELETE, POST",
            Self::Comments(_) => "GET, HEAD, POST",
        };
        if methods.split(", ").any(|known| known == method.as_str()) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::MethodNotAllowed).allowing(methods))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_names_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let documented: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        // Each variant says in its doc for which paths it stands.
        let (routes, _) = include_str!("route.rs").split_once("impl<").unwrap();
        let routes: BTreeSet<&str> = routes.split('`').filter(|text| text.starts_with('/')).collect();
        assert_eq!(documented, routes);
        for path in documented {
            assert!(Route::of(&path.replace("{slug}", "bread")).is_some(), "{path}");
        }
    }

    #[test]
    fn only_whole_paths_lead_somewhere() {
        for path in [
            "/live",
            "/live/bread",
            "/stats",
            "/likes/bread",
            "/comments/bread",
            "/client.js",
        ] {
            assert!(Route::of(path).is_some(), "{path}");
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
            assert!(Route::of(path).is_none(), "{path}");
        }
    }
}
