//! Articles, users and sessions in PostgreSQL, and the rules of EventHorizon that ask it. The numbers of EventHorizon
//! are in the same database, in the schema `eventhorizon`, where SQL joins them with the tables of the application.

use std::time::Duration;

use axum_extra::extract::CookieJar;
use horizon_axum::eventhorizon::{Author, Badge, Caller, Identify, Identity, Pages, RuleError, Slug, async_trait};
use sqlx::{FromRow, PgPool, postgres::PgPoolOptions};

/// The cookie with the id of the session.
pub const SESSION: &str = "session";

/// How long a request waits for a connection: less than the 3 seconds that EventHorizon waits for a rule.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Database(PgPool);

#[derive(Debug, FromRow)]
pub struct Article {
    pub title: String,
    pub body: String,
}

/// An article with its numbers.
#[derive(Debug, FromRow)]
pub struct PopularArticle {
    pub path: String,
    pub title: String,
    /// The readers of the last 7 days.
    pub visitors: i64,
    pub likes: i64,
}

#[derive(Clone, Debug, FromRow)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub staff: bool,
}

impl Database {
    /// Connects, and creates the tables that do not exist.
    pub async fn connect(url: &str) -> sqlx::Result<Self> {
        let pool = PgPoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect(url)
            .await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        Ok(Self(pool))
    }

    pub async fn article(&self, slug: &Slug) -> sqlx::Result<Option<Article>> {
        let query = sqlx::query_as("SELECT title, body FROM articles WHERE path = $1");
        query.bind(path(slug)).fetch_optional(&self.0).await
    }

    /// Returns the articles that most people have read in the last 7 days.
    pub async fn popular(&self) -> sqlx::Result<Vec<PopularArticle>> {
        let query = sqlx::query_as(
            "SELECT articles.path, title, sum(daily.visitors)::bigint AS visitors, pages.likes
             FROM articles
             JOIN eventhorizon.pages USING (path)
             JOIN eventhorizon.daily USING (page)
             WHERE daily.day > (SELECT today - 7 FROM eventhorizon.site_status)
             GROUP BY articles.path, pages.likes
             ORDER BY visitors DESC, articles.path
             LIMIT 5",
        );
        query.fetch_all(&self.0).await
    }

    /// Returns the user who is signed in, by the session cookie of the request.
    pub async fn user(&self, cookies: &CookieJar) -> sqlx::Result<Option<User>> {
        let Some(session) = cookies.get(SESSION) else {
            return Ok(None);
        };
        let query = sqlx::query_as(
            "SELECT users.id, name, staff FROM sessions JOIN users ON users.id = user_id
             WHERE sessions.id::text = $1 AND expires_at > now()",
        );
        query.bind(session.value()).fetch_optional(&self.0).await
    }

    /// Starts a session. Returns its id, or `None` if there is no such user.
    pub async fn sign_in(&self, name: &str) -> sqlx::Result<Option<String>> {
        let query = sqlx::query_scalar(
            "INSERT INTO sessions (user_id) SELECT id FROM users WHERE name = $1 RETURNING id::text",
        );
        query.bind(name).fetch_optional(&self.0).await
    }

    pub async fn sign_out(&self, session: &str) -> sqlx::Result<()> {
        let query = sqlx::query("DELETE FROM sessions WHERE id::text = $1");
        query.bind(session).execute(&self.0).await.map(drop)
    }

    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// Returns the path of an article, as in the table: decoded, with the first slash.
fn path(slug: &Slug) -> String {
    format!("/{}", slug.as_str().trim_start_matches('/')) // the name of the root page is `/`
}

/// Returns who the user is for EventHorizon.
pub fn identity(user: Option<User>) -> Result<Identity, RuleError> {
    let Some(user) = user else {
        return Ok(Identity::unknown());
    };
    let mut author = Author::new(&user.name)?;
    if user.staff {
        author = author.badge(Badge::new("Staff")?);
    }
    Ok(Identity::named(user.id.to_string()).author(author))
}

#[async_trait]
impl Pages for Database {
    async fn exists(&self, slug: &Slug) -> Result<bool, RuleError> {
        Ok(self.article(slug).await?.is_some())
    }
}

#[async_trait]
impl Identify for Database {
    async fn identify(&self, caller: &Caller) -> Result<Identity, RuleError> {
        identity(self.user(&CookieJar::from_headers(caller.headers())).await?)
    }
}
