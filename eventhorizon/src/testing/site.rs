use std::{collections::HashSet, fmt};

use horizon_core::Timestamp;
use horizon_memory::testing::{Clock, Fake};

use super::LiveEvents;
use crate::{Builder, Caller, ExistingPage, Horizon, LiveOptions, Slug};

/// The address of every caller of a test, from a block that RFC 5737 reserves for documentation.
const ADDRESS: [u8; 4] = [192, 0, 2, 1];

/// A site on fakes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
/// use eventhorizon::testing::TestSite;
///
/// let site = TestSite::start(["bread", "soup"]).await;
/// let live = site.open("soup", "Firefox").await;
/// let soup = site.page("soup").await.into();
/// let viewers = async || site.horizon.stats(std::slice::from_ref(&soup)).await.unwrap()[0].viewers;
/// assert_eq!(viewers().await, 1);
/// drop(live);
/// site.clock.advance(Duration::from_secs(3)); // the grace of a viewer who leaves
/// assert_eq!(viewers().await, 0);
/// # }
/// ```
///
/// # Panics
/// The methods panic if the site cannot do what they say, so that a test ends with the reason.
#[derive(Clone)]
pub struct TestSite {
    /// The handle, as the application has it.
    pub horizon: Horizon,
    /// The ports behind it, which fail on demand and list what was tracked.
    pub fake: Fake,
    /// The clock of both. It starts on 15 January 2027 and stands still until the test moves it.
    pub clock: Clock,
}

#[expect(clippy::expect_used, reason = "a test whose site does not work fails")]
impl TestSite {
    /// Starts a site with these pages.
    pub async fn start<N: AsRef<str>>(pages: impl IntoIterator<Item = N>) -> Self {
        Self::start_with(pages, |builder| builder).await
    }

    /// Starts a site with these pages, and the rules and the configuration that `set_up` adds.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use eventhorizon::{Decision, ProposedEvent, testing::TestSite};
    ///
    /// let closed = |_: &ProposedEvent<'_>| Decision::Reject("The kitchen is closed.".into());
    /// let site = TestSite::start_with(["bread"], |builder| builder.event_policy(closed)).await;
    /// let (bread, ada) = (site.page("bread").await, site.caller("Firefox"));
    /// assert!(site.horizon.like(&bread, &ada).await.is_err());
    /// # }
    /// ```
    pub async fn start_with<N: AsRef<str>>(
        pages: impl IntoIterator<Item = N>,
        set_up: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let slug = |name: N| Slug::new(name.as_ref()).expect("the name of a page is valid");
        let pages: HashSet<Slug> = pages.into_iter().map(slug).collect();
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let now = clock.clone();
        let builder = Horizon::from_ports(fake.ports()).clock(move || now.now());
        let started = set_up(builder).start(move |slug: &Slug| pages.contains(slug)).await;
        Self {
            horizon: started.expect("the site starts"),
            fake,
            clock,
        }
    }

    /// Returns a caller with this user agent. Callers with different user agents are different visitors.
    #[must_use]
    pub fn caller(&self, user_agent: &str) -> Caller {
        self.horizon.caller(ADDRESS.into(), [("user-agent", user_agent)])
    }

    /// Returns a page of the site.
    pub async fn page(&self, name: &str) -> ExistingPage {
        self.horizon.page(name).await.expect("the site has the page")
    }

    /// Opens a live stream of a page. The caller is a viewer until it is dropped.
    pub async fn open(&self, page: &str, user_agent: &str) -> LiveEvents {
        let page = self.page(page).await;
        let live = self
            .horizon
            .live(&self.caller(user_agent), LiveOptions::page(&page))
            .await;
        live.expect("the live stream opens").into()
    }
}

impl fmt::Debug for TestSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSite")
            .field("horizon", &self.horizon)
            .finish_non_exhaustive()
    }
}
