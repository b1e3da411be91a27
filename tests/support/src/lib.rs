//! Drives the programs of EventHorizon from outside: as processes, with real browsers, over HTTP, with raw bytes.
//!
//! [`browser_test`] runs a test with a web server that has its own database and posts, and with any number of
//! [`Browser`]s, each with its own profile and user agent. At the end it checks that no console has an error and that
//! no browser sent a request to another host.

mod blog_year;
mod browser;
mod browser_test;
pub mod clock;
mod cluster;
mod comment_writer;
mod dashboard_access;
pub mod http;
mod leaving;
mod live_stream;
mod nu_html_checker;
mod page_paths;
mod pgbouncer;
mod postgres;
mod posts;
pub mod process;
mod random;
pub mod raw;
mod server;
mod tls;
mod wait;

pub use blog_year::{
    Action, BlogYear, PageView, SEED, SeededPost, SeededSession, SeededSessions, Share, TEST_SESSIONS,
};
pub use browser::{Browser, BrowserKind, Tab};
pub use browser_test::{BrowserTest, ServerUnderTest, browser_test, browser_test_with};
pub use cluster::TestCluster;
pub use comment_writer::CommentWriter;
pub use dashboard_access::{REPORTS_TOKEN, assert_dashboard_is_protected};
pub use leaving::{Closing, time_to_leave};
pub use live_stream::{SseEvent, SseStream};
pub use nu_html_checker::html_errors;
pub use page_paths::assert_paths_are_passed_on;
pub use pgbouncer::PgBouncer;
pub use postgres::{PostgresOptions, PostgresServer, TestDatabase};
pub use posts::Posts;
pub use random::seeded_rng;
pub use server::{ServerOptions, WebServer, program};
pub use tls::TestCertificate;
pub use wait::{DEADLINE, wait_for_line, wait_until};
