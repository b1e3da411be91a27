use http::Method;

use super::files::File;
use crate::{Problem, ProblemKind};

/// A route of the contract. A page is the rest of the path from the second slash on, which is its own URL path:
/// `/docs/intro` in `/live/docs/intro`, and `/` in `/live/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// `/events`, `/events/{slug}`
    Events(Option<&'a str>),
    /// `/finished/{slug}`
    Finished(&'a str),
    /// `/dashboard`
    #[cfg(feature = "dashboard")]
    Dashboard,
    /// `/dashboard/live`
    #[cfg(feature = "dashboard")]
    DashboardLive,
    /// `/api/v2/query`
    ReportQuery,
    /// `/reports/{name}.csv`, with the name
    ReportFile(&'a str),
    /// `/client.js`, `/comments.js`, `/events.js`, `/finished.js`, `/client.d.ts`, `/openapi.json`, `/dashboard.css`,
    /// `/dashboard.js`
    File(File),
}

impl<'a> Route<'a> {
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let (first, page) = match path.find('/').and_then(|slash| path.split_at_checked(slash)) {
            None => (path, None),
            Some((first, page)) => (first, Some(page)),
        };
        match (first, page) {
            ("live", page) => Some(Self::Live(page)),
            ("stats", page) => Some(Self::Stats(page)),
            ("likes", Some(page)) => Some(Self::Likes(page)),
            #[cfg(feature = "comments")]
            ("comments", Some(page)) => Some(Self::Comments(page)),
            ("events", page) => Some(Self::Events(page)),
            ("finished", Some(page)) => Some(Self::Finished(page)),
            #[cfg(feature = "dashboard")]
            ("dashboard", None) => Some(Self::Dashboard),
            #[cfg(feature = "dashboard")]
            ("dashboard", Some("/live")) => Some(Self::DashboardLive),
            #[cfg(feature = "dashboard")]
            ("dashboard.css", None) => Some(Self::File(File::DashboardStyle)),
            #[cfg(feature = "dashboard")]
            ("dashboard.js", None) => Some(Self::File(File::DashboardScript)),
            ("api", Some("/v2/query")) => Some(Self::ReportQuery),
            ("reports", Some(file)) => report_name(file).map(Self::ReportFile),
            ("client.js", None) => Some(Self::File(File::Script)),
            ("comments.js", None) if cfg!(feature = "comments") => Some(Self::File(File::Comments)),
            ("events.js", None) => Some(Self::File(File::Events)),
            ("finished.js", None) => Some(Self::File(File::Finished)),
            ("client.d.ts", None) => Some(Self::File(File::Types)),
            ("openapi.json", None) => Some(Self::File(File::Contract)),
            _ => None,
        }
    }

    /// Returns whether the route has reports.
    pub(super) const fn is_report(self) -> bool {
        match self {
            #[cfg(feature = "dashboard")]
            Self::Dashboard | Self::DashboardLive => true,
            Self::ReportQuery | Self::ReportFile(_) => true,
            _ => false,
        }
    }

    /// Checks that the route supports the method.
    pub(super) fn check_method(self, method: &Method) -> Result<(), Problem> {
        let methods: &'static str = match self {
            Self::Live(_) | Self::Stats(_) | Self::ReportFile(_) | Self::File(_) => "GET, HEAD",
            #[cfg(feature = "dashboard")]
            Self::Dashboard | Self::DashboardLive => "GET, HEAD",
            Self::Likes(_) => "GET, HEAD, PUT, DELETE, POST",
            #[cfg(feature = "comments")]
            Self::Comments(_) => "GET, HEAD, POST",
            Self::Events(_) | Self::Finished(_) | Self::ReportQuery => "POST",
        };
        if methods.split(", ").any(|known| known == method.as_str()) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::MethodNotAllowed).with_allow(methods))
    }
}

/// Returns the name of the report in a path such as `/pages.csv`.
fn report_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?.strip_suffix(".csv")?;
    (!name.contains('/')).then_some(name)
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
            Route::Events(None) => "/events",
            Route::Events(Some(_)) => "/events/{slug}",
            Route::Finished(_) => "/finished/{slug}",
            Route::Dashboard => "/dashboard",
            Route::DashboardLive => "/dashboard/live",
            Route::File(File::DashboardStyle) => "/dashboard.css",
            Route::File(File::DashboardScript) => "/dashboard.js",
            Route::ReportQuery => "/api/v2/query",
            Route::ReportFile(_) => "/reports/{name}.csv",
            Route::File(File::Script) => "/client.js",
            Route::File(File::Comments) => "/comments.js",
            Route::File(File::Events) => "/events.js",
            Route::File(File::Finished) => "/finished.js",
            Route::File(File::Types) => "/client.d.ts",
            Route::File(File::Contract) => "/openapi.json",
        }
    }

    #[test]
    fn the_document_lists_exactly_the_routes() {
        let document: serde_json::Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let documented = document["paths"].as_object().unwrap().keys().map(String::as_str);
        let documented: BTreeSet<&str> = documented.collect();
        assert_eq!(documented.len(), 21, "one for each arm of `path`");
        for documented in documented {
            assert_eq!(Route::parse(documented).map(path), Some(documented));
        }
    }

    #[test]
    fn a_page_is_the_rest_of_the_path() {
        for (path, page) in [
            ("/live", None),
            ("/live/", Some("/")),
            ("/live/bread", Some("/bread")),
            ("/live/bread/", Some("/bread/")),
            ("/live/docs/a%20b/%C3%A9", Some("/docs/a%20b/%C3%A9")),
            ("/live//bread", Some("//bread")),
        ] {
            assert_eq!(Route::parse(path), Some(Route::Live(page)), "{path}");
        }
        assert_eq!(Route::parse("/likes/a/b"), Some(Route::Likes("/a/b")));
        assert_eq!(Route::parse("/finished/"), Some(Route::Finished("/")));
        assert_eq!(Route::parse("/events"), Some(Route::Events(None)));
        assert_eq!(Route::parse("/events/a/b"), Some(Route::Events(Some("/a/b"))));
        #[cfg(feature = "comments")]
        assert_eq!(Route::parse("/comments/"), Some(Route::Comments("/")));
        assert_eq!(Route::parse("/stats/a/b"), Some(Route::Stats(Some("/a/b"))));
    }

    #[test]
    fn other_paths_are_no_routes() {
        for path in [
            "",
            "/",
            "live",
            "//live",
            "/likes",
            "/finished",
            "/comments",
            "/client.js/",
            "/dashboard/",
            "/dashboard/live/",
            "/dashboard/hello",
            "/dashboard.css/",
            "/nothing",
            "/nothing/a",
            "/api/v2/query/",
            "/api/v2",
            "/reports",
            "/reports/pages",
            "/reports/a/pages.csv",
        ] {
            assert!(Route::parse(path).is_none(), "{path}");
        }
    }
}
