use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::Router;
use eventhorizon::{
    Builder, Caller, CustomEvent, DayRange, ExistingPage, Horizon, LiveOptions, NewComment, SiteTimeZone, Slug,
    Timestamp,
};
use horizon_axum::Limits;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// The token for the reports.
pub(super) const TOKEN: &str = "a token of the tests";

/// The name of the database.
const DATABASE: &str = "site.db";

const HOUR: Duration = Duration::from_secs(3_600);

/// The days on which people read.
const DAYS: u32 = 4;

/// A reader: the country, the agent, the referrer, the query of the first page, and the pages.
type SeededReader = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.0 Mobile/15E148 Safari/604.1";

const READERS: [SeededReader; 6] = [
    ("DE", FIREFOX, "https://www.google.com/", "", &["docs/intro", "pricing"]),
    (
        "EE",
        IPHONE,
        "",
        "utm_source=letter&utm_medium=email&utm_campaign=autumn",
        &["hello", "docs/intro"],
    ),
    ("US", FIREFOX, "https://news.ycombinator.com/", "", &["hello"]),
    (
        "US",
        IPHONE,
        "https://www.google.com/",
        "",
        &["pricing", "hello", "docs/intro"],
    ),
    ("", FIREFOX, "", "", &["=1+1"]),
    (
        "EE",
        FIREFOX,
        "https://duckduckgo.com/",
        "utm_medium=social",
        &["hello"],
    ),
];

/// A site with four days of readers, which serves its reports over HTTP. Its database is in a folder of its own.
pub(super) struct ServedReports {
    pub(super) address: SocketAddr,
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    horizon: Horizon,
}

impl ServedReports {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = Timestamp::from_millis(i64::try_from(since.as_millis())?);
        let store = format!("sqlite:{}", folder.path().join(DATABASE).display());
        let set_up = |now| set_up(&store, now);
        read_for_days(set_up, now).await?;
        let horizon = set_up(now)?.start(|_: &Slug| true).await?;
        let app = Router::new().nest("/horizon", horizon_axum::router(&horizon));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let site = horizon.clone();
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            horizon_axum::serve(listener, app, Limits::default(), stopped, &site).await
        });
        Ok(Self {
            address,
            folder,
            stop,
            server,
            horizon,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/horizon", self.address)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    /// Returns the first day of the last week, and the first and the last day on which people read.
    pub(super) fn days(&self) -> [String; 3] {
        let last = self.horizon.today();
        let first_of = |days| DayRange::ending(last, days).first.to_string();
        [first_of(7), first_of(DAYS), last.to_string()]
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        Ok(self.server.await??)
    }
}

/// Sets up a site whose clock starts at `now`, and advances by a millisecond whenever it is read.
fn set_up(store: &str, now: Timestamp) -> anyhow::Result<Builder> {
    let proxy = "127.0.0.1/32".parse()?;
    let header = "cf-ipcountry".parse()?;
    let reads = AtomicU64::new(0);
    let clock = move || now.plus(Duration::from_millis(reads.fetch_add(1, Ordering::Relaxed)));
    let builder = Horizon::from_urls("memory:", store)?
        .clock(clock)
        .time_zone(SiteTimeZone::new("Europe/Berlin")?)
        .configure(|config| {
            config.trusted_proxies = vec![proxy];
            config.country_header = Some(header);
        });
    Ok(builder.reports_token(TOKEN)?)
}

/// Lets people read on each day until now. Each day has one reader more than the day before, and a process of its own,
/// which counts everything on that day.
async fn read_for_days(set_up: impl Fn(Timestamp) -> anyhow::Result<Builder>, now: Timestamp) -> anyhow::Result<()> {
    for day in 0..DAYS {
        let horizon = set_up(now.minus(24 * HOUR * (DAYS - 1 - day)))?;
        let horizon = horizon.start(|_: &Slug| true).await?;
        for (number, reader) in READERS.iter().enumerate().take(usize::try_from(day)? + 3) {
            read(&horizon, day, number, reader).await?;
        }
        horizon.close().await?;
    }
    Ok(())
}

async fn read(horizon: &Horizon, day: u32, number: usize, reader: &SeededReader) -> anyhow::Result<()> {
    let (country, agent, referrer, query, pages) = *reader;
    let address = format!("192.0.{day}.{number}");
    let headers = [
        ("user-agent", agent),
        ("x-forwarded-for", address.as_str()),
        ("cf-ipcountry", country),
    ];
    let caller = horizon.caller([127, 0, 0, 1].into(), headers);
    for (position, name) in pages.iter().enumerate() {
        let page = horizon.page(name).await?;
        let first = (position == 0).then_some(());
        let options = LiveOptions::page(&page)
            .referrer(first.map(|()| referrer))
            .page_query(first.map(|()| query));
        drop(horizon.live(&caller, options).await?);
        if *name == "hello" {
            interact(horizon, &caller, &page).await?;
        }
    }
    Ok(())
}

/// Likes the page, comments on it, downloads something, and reads it to its end.
async fn interact(horizon: &Horizon, caller: &Caller, page: &ExistingPage) -> anyhow::Result<()> {
    horizon.like(page, caller).await?;
    horizon.comment(page, NewComment::new("Ada", "Good."), caller).await?;
    horizon.track(page, caller, CustomEvent::new("download")?).await?;
    Ok(horizon.finish(page, caller)?)
}
