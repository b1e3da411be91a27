//! The dashboard of the reports: who may read it, and what it says about the pages of the blog.

use std::sync::Arc;

use anyhow::Context;
use eventhorizon::{Builder, Config, DashboardLink, PageDescription, ReportAccess};
use horizon_core::Slug;
use horizon_posts::{Library, PageName};
use tokio::sync::watch;

use crate::{
    auth::{AuthorReports, SignedInAuthor},
    config::{DashboardAccess, ServeArgs},
};

/// The path of the dashboard.
const DASHBOARD_PATH: &str = "/horizon/dashboard";

/// Adds who may read the reports, and the descriptions of the pages.
///
/// # Errors
/// A token is too short.
pub(crate) fn add_to(
    builder: Builder,
    args: &ServeArgs,
    author: SignedInAuthor,
    library: watch::Receiver<Arc<Library>>,
) -> anyhow::Result<Builder> {
    let others = match args.dashboard.access {
        DashboardAccess::Public => ReportAccess::Public,
        DashboardAccess::Private if args.secrets.admin_token.is_some() => ReportAccess::SignIn("/admin".into()),
        DashboardAccess::Private => ReportAccess::Denied,
    };
    let is_signing_in_possible = args.secrets.admin_token.is_some();
    let mut builder = builder
        .report_policy(AuthorReports { author, others })
        .describe_pages(move |slug| describe(&library.borrow(), slug))
        .configure(|config| add_links(config, is_signing_in_possible));
    let tokens = [
        ("HORIZON_ADMIN_TOKEN", &args.secrets.admin_token),
        ("HORIZON_REPORTS_TOKEN", &args.secrets.reports_token),
    ];
    for (setting, token) in tokens {
        if let Some(token) = token {
            builder = builder.reports_token(&token.0).context(setting)?;
        }
    }
    Ok(builder)
}

fn add_links(config: &mut Config, is_signing_in_possible: bool) {
    config.dashboard_links.push(DashboardLink::new("Blog", "/"));
    if is_signing_in_possible {
        config.dashboard_links.push(DashboardLink::new("Admin", "/admin"));
    }
}

/// Returns the path at which a browser asks for a token of the reports, if this path is that of the dashboard.
pub(crate) fn token_path(path: &str) -> Option<String> {
    match path.strip_prefix(DASHBOARD_PATH)? {
        "" => Some(format!("{path}?basic-auth")),
        query if query.starts_with('?') => Some(format!("{path}&basic-auth")),
        _ => None,
    }
}

/// Returns what the dashboard shows of a page of the library.
fn describe(library: &Library, slug: &Slug) -> Option<PageDescription> {
    if let Some(post) = library.post(slug.as_str()) {
        let description = PageDescription::new(post.title.clone());
        let published = post.date.day().parse().ok();
        return Some(
            description
                .path(format!("/blog/{}", slug.url_path()))
                .published(published),
        );
    }
    let (title, path) = match library.page_named(slug)? {
        PageName::Home => ("Home page".into(), "/".into()),
        PageName::Blog => ("All posts".into(), "/blog".into()),
        PageName::Search => ("Search results".into(), "/blog".into()),
        PageName::Archive => ("Archive".into(), "/archive".into()),
        PageName::Tags => ("Tags".into(), "/tags".into()),
        PageName::AllSeries => ("Series".into(), "/series".into()),
        PageName::Series(series) => (series.name.clone(), series.url()),
        PageName::Tag(tag) => (format!("Posts about {}", tag.name), horizon_app::tag_url(&tag.slug)),
        PageName::Markdown(page) => (page.title.clone(), page.url()),
    };
    Some(PageDescription::new(title).path(path))
}

#[cfg(test)]
mod tests {
    use axum::{
        body::to_bytes,
        http::{Method, Response, StatusCode, header},
    };

    use super::*;
    use crate::slow_backends::{TOKEN, TestBlog};

    const DASHBOARD: &str = "/horizon/dashboard?period=7d";
    const HTML: (&str, &str) = ("accept", "text/html");

    fn location<B>(response: &Response<B>) -> &str {
        let location = response.headers().get(header::LOCATION);
        location.map_or("", |location| location.to_str().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_author_signs_in_to_the_dashboard_and_is_back_at_once() {
        let mut blog = TestBlog::open(true).await;
        let sign_in = blog.get(DASHBOARD, &[HTML]).await;
        assert_eq!(sign_in.status(), StatusCode::SEE_OTHER);
        let login = location(&sign_in);
        assert_eq!(login, "/admin?back=%2Fhorizon%2Fdashboard%3Fperiod%3D7d");
        let form = blog.get(login, &[HTML]).await;
        assert_eq!(form.status(), StatusCode::OK);
        let form = to_bytes(form.into_body(), usize::MAX).await.unwrap();
        let form = String::from_utf8_lossy(&form);
        assert!(
            form.contains("name=\"back\" value=\"/horizon/dashboard?period=7d\""),
            "{form}"
        );
        assert!(form.contains("<a href=\"/horizon/dashboard?period=7d\">"), "{form}");

        blog.cookies.clear();
        let fields = format!("token={TOKEN}&back=%2Fhorizon%2Fdashboard%3Fperiod%3D7d");
        let signed_in = blog.send(Method::POST, "/admin/login", fields).await;
        assert_eq!(
            (signed_in.status(), location(&signed_in)),
            (StatusCode::SEE_OTHER, DASHBOARD)
        );
        let cookie = signed_in.headers()[header::SET_COOKIE].to_str().unwrap();
        let session = ("cookie", cookie.split(';').next().unwrap());
        let dashboard = blog.get(DASHBOARD, &[HTML, session]).await;
        assert_eq!(dashboard.status(), StatusCode::OK);
        let policy = dashboard.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert_eq!(dashboard.headers()["x-robots-tag"], "noindex");
        // A session that the browser did not send with a link from another site.
        let again = blog.get(login, &[HTML, session]).await;
        assert_eq!((again.status(), location(&again)), (StatusCode::SEE_OTHER, DASHBOARD));
    }

    #[tokio::test(start_paused = true)]
    async fn the_form_leads_to_a_prompt_for_the_token_of_the_reports() {
        let link = "<a href=\"/horizon/dashboard?period=7d&amp;basic-auth\">I have a token for the reports</a>";
        let prompt = "/horizon/dashboard?period=7d&basic-auth";
        let admin = ["--admin-token", TOKEN];
        let blog = TestBlog::open_with(&[admin, ["--reports-token", "a-token-for-reports"]].concat()).await;
        let form = async |blog: &TestBlog, path: &str| {
            let form = blog.get(path, &[HTML]).await;
            let form = to_bytes(form.into_body(), usize::MAX).await.unwrap();
            String::from_utf8_lossy(&form).into_owned()
        };
        let sign_in = blog.get(DASHBOARD, &[HTML]).await;
        assert!(form(&blog, location(&sign_in)).await.contains(link));
        let rejected = "token=wrong&back=%2Fhorizon%2Fdashboard%3Fperiod%3D7d".to_owned();
        let rejected = blog.send(Method::POST, "/admin/login", rejected).await;
        let rejected = to_bytes(rejected.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&rejected).contains(link));
        for other in [
            "/admin",
            "/cluster",
            "/admin?back=/horizon/dashboards",
            "/admin?back=/blog/hello",
        ] {
            assert!(!form(&blog, other).await.contains("basic-auth"), "{other}");
        }
        let asked = blog.get(prompt, &[HTML]).await;
        let challenge = asked.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(asked.status() == StatusCode::UNAUTHORIZED && challenge.starts_with("Basic "));
        // `anybody:a-token-for-reports` in base64.
        let password = ("authorization", "Basic YW55Ym9keTphLXRva2VuLWZvci1yZXBvcnRz");
        assert_eq!(blog.get(prompt, &[HTML, password]).await.status(), StatusCode::OK);

        let without = TestBlog::open_with(&admin).await;
        assert!(!form(&without, location(&sign_in)).await.contains("basic-auth"));
    }

    #[tokio::test(start_paused = true)]
    async fn signing_in_leads_to_no_other_site() {
        let blog = TestBlog::open(true).await;
        for back in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/%0d%0aset-cookie:a=b",
        ] {
            let signed_in = blog
                .send(Method::POST, "/admin/login", format!("token={TOKEN}&back={back}"))
                .await;
            assert_eq!(location(&signed_in), "/admin", "{back}");
            let page = blog
                .send(Method::GET, &format!("/admin?back={back}"), String::new())
                .await;
            assert_eq!(page.status(), StatusCode::OK, "{back}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_token_keeps_the_way_back() {
        let blog = TestBlog::open(true).await;
        let rejected = blog
            .send(Method::POST, "/admin/login", "token=wrong&back=/cluster".into())
            .await;
        assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
        let form = to_bytes(rejected.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&form).contains("name=\"back\" value=\"/cluster\""));
    }

    #[tokio::test(start_paused = true)]
    async fn the_settings_decide_who_reads_the_dashboard() {
        let (admin, reports) = (["--admin-token", TOKEN], ["--reports-token", "a-token-for-reports"]);
        let public = ["--dashboard", "public"];
        for (arguments, stranger, program, with_token) in [
            (vec![], 404, 404, 404),
            (vec![admin], 303, 401, 303),
            (vec![reports], 401, 401, 200),
            (vec![admin, reports], 303, 401, 200),
            (vec![public], 200, 200, 200),
            (vec![public, admin, reports], 200, 200, 200),
        ] {
            let blog = TestBlog::open_with(&arguments.concat()).await;
            let status = async |headers: &[(&str, &str)]| blog.get(DASHBOARD, headers).await.status().as_u16();
            assert_eq!(status(&[HTML]).await, stranger, "{arguments:?}");
            assert_eq!(status(&[]).await, program, "{arguments:?}");
            let token = ("authorization", "Bearer a-token-for-reports");
            assert_eq!(status(&[HTML, token]).await, with_token, "{arguments:?}");
            let admin = ("authorization", "Bearer a-token-of-the-tests");
            let is_admin = arguments.contains(&["--admin-token", TOKEN]);
            assert!(!is_admin || status(&[admin]).await == 200, "{arguments:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_moderation_page_links_to_the_dashboard() {
        let blog = TestBlog::open(true).await;
        let page = blog.send(Method::GET, "/admin", String::new()).await;
        let page = to_bytes(page.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&page).contains("<a href=\"/horizon/dashboard\">Dashboard</a>"));
    }

    #[tokio::test(start_paused = true)]
    async fn pages_of_the_blog_have_readable_titles() {
        let library = crate::slow_backends::library();
        let describe = |name: &str| {
            let description = describe(&library, &Slug::new(name).unwrap())?;
            let published = description.published.map(|day| day.to_string()).unwrap_or_default();
            Some((
                description.title.into_owned(),
                description.path?.into_owned(),
                published,
            ))
        };
        for (name, title, path, published) in [
            ("hello", "Hello", "/blog/hello", "2026-01-02"),
            ("/", "Home page", "/", ""),
            ("list/blog", "All posts", "/blog", ""),
            ("list/search", "Search results", "/blog", ""),
            ("list/tags/test", "Posts about test", "/tags/test", ""),
        ] {
            let expected = (title.to_owned(), path.to_owned(), published.to_owned());
            assert_eq!(describe(name), Some(expected), "{name}");
        }
        assert_eq!(describe("list/tags/nothing"), None);
        assert_eq!(describe("deleted"), None);
    }
}
