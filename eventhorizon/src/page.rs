//! Pages of the site.

use std::{fmt, ops::Deref};

use horizon_core::{Result, Slug, SlugError, Topic};
use tokio::time::Instant;

use crate::{Horizon, Problem, ProblemKind, rules::rule_deadline};

/// A page that the site has. [`Horizon::page`] returns it, and everything that writes takes it.
///
/// It dereferences to its [`Slug`] and converts into a [`Topic`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventhorizon::{Horizon, ProblemKind, Slug};
///
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// assert_eq!(horizon.page("bread").await?.as_str(), "bread");
/// assert_eq!(horizon.page("stew").await.unwrap_err().kind(), ProblemKind::UnknownPage); // 404
/// assert_eq!(horizon.page("a/../b").await.unwrap_err().kind(), ProblemKind::InvalidSlug); // 400
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExistingPage(Slug);

impl Deref for ExistingPage {
    type Target = Slug;

    fn deref(&self) -> &Slug {
        &self.0
    }
}

impl fmt::Display for ExistingPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ExistingPage> for Slug {
    fn from(page: ExistingPage) -> Self {
        page.0
    }
}

impl From<ExistingPage> for Topic {
    fn from(page: ExistingPage) -> Self {
        page.0.into()
    }
}

impl From<&ExistingPage> for Topic {
    fn from(page: &ExistingPage) -> Self {
        page.0.clone().into()
    }
}

impl Horizon {
    /// Returns the page with this name. Call it once at the start of a request. The name is decoded text, such as
    /// `docs/résumé`; for the path of a request, see [`page_from_path`](Self::page_from_path).
    ///
    /// A name may contain any visible character, such as `<` and `"`, if [`Pages`](crate::Pages) accepts it. Escape it
    /// in HTML, and write [`url_path`](Slug::url_path) into URLs.
    ///
    /// # Errors
    /// [`InvalidSlug`](ProblemKind::InvalidSlug) if the text is not a slug, [`UnknownPage`](ProblemKind::UnknownPage)
    /// if the site has no such page, [`Unavailable`](ProblemKind::Unavailable) if [`Pages`](crate::Pages) fails or does
    /// not respond within 3 seconds.
    pub async fn page(&self, slug: &str) -> Result<ExistingPage, Problem> {
        self.known_page(Slug::new(slug), rule_deadline()).await
    }

    /// Returns the page with this URL path, percent-encoded as in a request: see [`Slug::from_path`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug, http::Uri};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let uri: Uri = "/docs/r%C3%A9sum%C3%A9/?lang=fr".parse()?;
    /// let page = horizon.page_from_path(uri.path()).await?;
    /// assert_eq!(page.as_str(), "docs/résumé");
    /// assert_eq!(page.url_path(), "docs/r%C3%A9sum%C3%A9"); // for links
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`page`](Self::page). A path with `%2F` is not a slug.
    pub async fn page_from_path(&self, path: &str) -> Result<ExistingPage, Problem> {
        self.page_from_path_until(path, rule_deadline()).await
    }

    /// Returns what [`page_from_path`](Self::page_from_path) returns, before `deadline`.
    pub(crate) async fn page_from_path_until(&self, path: &str, deadline: Instant) -> Result<ExistingPage, Problem> {
        self.known_page(Slug::from_path(path), deadline).await
    }

    async fn known_page(&self, slug: Result<Slug, SlugError>, deadline: Instant) -> Result<ExistingPage, Problem> {
        let slug = slug
            .map_err(|error| Problem::new(ProblemKind::InvalidSlug).field("slug", format!("is invalid: {error}.")))?;
        self.existing_page(&slug, deadline).await?.ok_or_else(|| {
            let reason = format!("`{slug}` is not a page of this site.");
            Problem::new(ProblemKind::UnknownPage).field("slug", reason)
        })
    }

    /// Returns the page with this slug, or `None` if the site has no such page.
    ///
    /// # Errors
    /// The application's rule failed, or did not respond before `deadline`.
    pub(crate) async fn existing_page(&self, slug: &Slug, deadline: Instant) -> Result<Option<ExistingPage>> {
        let exists = self.0.rules.page_exists(slug, deadline).await?;
        Ok(exists.then(|| ExistingPage(slug.clone())))
    }
}
