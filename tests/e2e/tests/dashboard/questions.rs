//! Eight questions of an author, each answered in at most two clicks from the overview.

use anyhow::{Context as _, ensure};
use horizon_core::{
    Day, Slug,
    reports::{DayRange, RecentDays},
};
use horizon_test_support::{BlogYear, BrowserTest, WebServer, browser_test_with, wait_until};

use crate::{
    author::DashboardReader,
    live::LiveReaders,
    shown_page::ShownPage,
    without_script,
    year::{count, default_period, options, percent, title, year, yesterdays_post},
};

/// The most clicks that an answer may take.
const MAX_CLICKS: usize = 2;

/// The rows that a card shows at least, if there are so many.
const CARD_ROWS: usize = 9;

/// How long ago a post was published at the start of the period to be an old one.
const OLD_DAYS: i64 = 90;

#[test]
fn eight_questions_are_answered_in_at_most_two_clicks() -> anyhow::Result<()> {
    run(true)
}

#[test]
fn without_script_the_same_clicks_answer_the_eight_questions() -> anyhow::Result<()> {
    run(false)
}

fn run(has_script: bool) -> anyhow::Result<()> {
    let start = async || WebServer::start(options().await?).await;
    browser_test_with(1, start, async |test| {
        let year = year().await?;
        let browser = test.browser("Author").await?;
        if !has_script {
            // The observer of the test support is a script, too.
            test.expect_in_console("Blocked script execution");
            without_script(&browser).await?;
        }
        let author = &mut DashboardReader::signs_in(browser).await?;
        let answers = [
            (
                "Did yesterday's post work?",
                did_yesterdays_post_work(author, year).await,
            ),
            (
                "Where did Tuesday's peak come from?",
                where_did_the_peak_come_from(author, year).await,
            ),
            (
                "Which old posts still bring people?",
                which_old_posts_bring_people(author, year).await,
            ),
            ("Do readers finish?", do_readers_finish(author, year).await),
            ("Which campaign paid?", which_campaign_paid(author, year).await),
            ("Phone or desktop?", phone_or_desktop(author, year).await),
            (
                "Is this month better than last?",
                is_this_month_better(author, year).await,
            ),
            // The last one, because its readers count.
            (
                "What is being read now?",
                what_is_being_read_now(author, year, test).await,
            ),
        ];
        let problems = answers.into_iter().filter_map(|(question, answer)| match answer {
            Err(error) => Some(format!("{question} {error:#}")),
            Ok(clicks) if clicks > MAX_CLICKS => Some(format!("{question} The answer takes {clicks} clicks.")),
            Ok(_) => None,
        });
        let problems: Vec<_> = problems.collect();
        ensure!(problems.is_empty(), "{}", problems.join("\n\n"));
        Ok(())
    })
}

/// Compares what the page shows with the truth.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: &T, truth: &T) -> anyhow::Result<()> {
    ensure!(
        shown == truth,
        "{what}: the page shows {shown:#?}, the truth is {truth:#?}"
    );
    Ok(())
}

/// Compares names and visitors of a list, of which a card shows the first rows.
fn same_list(what: &str, shown: &[(&str, &str)], truth: &[(String, u64)]) -> anyhow::Result<()> {
    ensure!(
        shown.len() >= truth.len().min(CARD_ROWS),
        "{what}: only {shown:?} of {truth:?}"
    );
    let owned = |(name, number): &(&str, &str)| (str::to_owned(name), str::to_owned(number));
    let shown: Vec<_> = shown.iter().map(owned).collect();
    let truth = truth.iter().map(|(name, number)| (name.clone(), count(*number)));
    same(what, &shown, &truth.take(shown.len()).collect())
}

/// Compares sources and their visitors. The page spells well-known ones in their own way.
fn same_sources(page: &ShownPage, truth: Vec<(String, u64)>) -> anyhow::Result<()> {
    let name = |source: &str| {
        if source.is_empty() {
            "direct or unknown".to_owned()
        } else {
            source.to_owned()
        }
    };
    let shown = page.visitors("sources")?.into_iter();
    let shown: Vec<_> = shown.map(|(name, visitors)| (name.to_lowercase(), visitors)).collect();
    let shown: Vec<_> = shown
        .iter()
        .map(|(name, visitors)| (name.as_str(), *visitors))
        .collect();
    same_list("sources", &shown, &truth.map_names(name))
}

async fn what_is_being_read_now(
    author: &mut DashboardReader,
    year: &BlogYear,
    test: &BrowserTest,
) -> anyhow::Result<usize> {
    let address = test.server.address();
    let (new, old) = (yesterdays_post(year)?, &year.posts()[1]);
    let _readers = (
        LiveReaders::open(address, &new.slug, "mastodon", 1..=3).await?,
        LiveReaders::open(address, &old.slug, "google", 4..=5).await?,
    );
    wait_until("the overview shows the readers", async || {
        let page = author.opens_the_overview().await?;
        same("viewers", &page.viewers.as_str(), &"5")?;
        let row = |name: &str, viewers: &str| vec![name.to_owned(), viewers.to_owned()];
        same(
            "pages",
            &page.active_pages,
            &vec![row(new.title, "3"), row(old.title, "2")],
        )?;
        same(
            "sources",
            &page.active_sources,
            &vec![row("Mastodon", "3"), row("Google", "2")],
        )
    })
    .await?;
    Ok(author.clicks_so_far())
}

async fn did_yesterdays_post_work(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    let post = yesterdays_post(year)?;
    author.opens_the_overview().await?;
    let page = author.clicks("#card-pages", post.title).await?;
    let sessions = year.sessions(default_period(year));
    let of_post = sessions.with_page(&post.slug);
    same("heading", &page.heading.as_str(), &post.title)?;
    same("visitors", &page.figure("Visitors")?.value, &count(of_post.visitors()))?;
    same(
        "pageviews",
        &page.figure("Pageviews")?.value,
        &count(sessions.pageviews_of(&post.slug)),
    )?;
    let finished = page.figure("Finished")?;
    same(
        "finished",
        &finished.value,
        &percent(sessions.finished_share_of(&post.slug)),
    )?;
    let site = format!("site {}", percent(sessions.finished_share()));
    ensure!(finished.changes.contains(&site), "no `{site}` in {finished:?}");
    let sources = of_post.visitors_by(|context| context.source.as_ref());
    same_sources(&page, sources)?;
    Ok(author.clicks_so_far())
}

async fn where_did_the_peak_come_from(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    let peak = year.peak();
    author.opens_the_overview().await?;
    let page = author.clicks(".points", "Tue 24 Nov 2026").await?;
    let sessions = year.sessions(DayRange::new(peak, peak));
    same("visitors", &page.figure("Visitors")?.value, &count(sessions.visitors()))?;
    let sources = sessions.visitors_by(|context| context.source.as_ref());
    same("the source of the seed", &sources[0].0.as_str(), &"hacker news")?;
    same_sources(&page, sources)?;
    Ok(author.clicks_so_far())
}

async fn which_old_posts_bring_people(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    author.opens_the_overview().await?;
    let page = author.clicks("#card-pages", "Old posts").await?;
    let range = default_period(year);
    let old: Vec<(String, u64)> = old_entries(year, range);
    same_list("old posts", &page.visitors("pages")?, &old)?;
    ensure!(old.len() >= 5, "the seed has too few old posts: {old:?}");
    Ok(author.clicks_so_far())
}

/// Returns the titles of old posts, and the visitors whose first page they were.
fn old_entries(year: &BlogYear, range: DayRange) -> Vec<(String, u64)> {
    let latest = Day::from_number(range.first.number() - OLD_DAYS);
    let is_old = |slug: &Slug| {
        year.posts()
            .iter()
            .any(|post| post.slug == *slug && post.published <= latest)
    };
    let entries = year.sessions(range).visitors_by_entry();
    let old = entries.into_iter().filter(|(slug, _)| is_old(slug));
    old.map(|(slug, visitors)| (title(year, &slug), visitors)).collect()
}

async fn do_readers_finish(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    let page = author.opens_the_overview().await?;
    let share = year.sessions(default_period(year)).finished_share();
    same("finished", &page.figure("Finished")?.value, &percent(share))?;
    Ok(author.clicks_so_far())
}

async fn which_campaign_paid(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    author.opens_the_overview().await?;
    author.clicks("#card-sources", "Campaigns").await?;
    let page = author.clicks("#card-sources", "All").await?;
    let list = page.list("list")?;
    let sessions = year.sessions(default_period(year));
    let campaigns = sessions.visitors_by(|context| context.campaign.as_ref());
    let (without, mut campaigns): (Vec<_>, Vec<_>) = campaigns.into_iter().partition(|(name, _)| name.is_empty());
    campaigns.extend(without);
    same_list(
        "campaigns",
        &list.column("Visitors")?,
        &campaigns.map_names(campaign_name),
    )?;
    for (name, shown) in list.column("Bounce rate")? {
        let of_campaign = sessions.filter(|session| {
            let campaign = session.context.campaign.as_ref();
            campaign_name(campaign.map_or("", |campaign| campaign.as_str())) == name
        });
        same(name, &shown.to_owned(), &percent(of_campaign.bounce_rate()))?;
    }
    Ok(author.clicks_so_far())
}

async fn phone_or_desktop(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    let page = author.opens_the_overview().await?;
    let devices = year
        .sessions(default_period(year))
        .visitors_by(|context| context.device.as_ref());
    same_list("devices", &page.visitors("devices")?, &devices.map_names(capitalized))?;
    Ok(author.clicks_so_far())
}

async fn is_this_month_better(author: &mut DashboardReader, year: &BlogYear) -> anyhow::Result<usize> {
    author.opens_the_overview().await?;
    let page = author.clicks("#period", "Month").await?;
    let month = RecentDays::Months(1).ending(year.today());
    let before = RecentDays::Months(1).ending(month.first.previous());
    let before = DayRange::new(before.first, Day::from_number(before.first.number() + length(month)));
    let (now, past) = (year.sessions(month).visitors(), year.sessions(before).visitors());
    let figure = page.figure("Visitors")?;
    same("visitors", &figure.value, &count(now))?;
    ensure!(now > past, "the seed has a bad month: {now} after {past}");
    let rise = (100 * (now - past) + past / 2) / past;
    let change = figure.changes.first().context("no change")?;
    for part in ["↑", &format!("{rise} %"), &format!("from {}", count(past))] {
        ensure!(change.contains(part), "no `{part}` in `{change}`");
    }
    Ok(author.clicks_so_far())
}

/// Returns the days after the first one.
fn length(range: DayRange) -> i64 {
    range.last.number() - range.first.number()
}

fn campaign_name(campaign: &str) -> String {
    if campaign.is_empty() {
        "No campaign".to_owned()
    } else {
        campaign.to_owned()
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect()
}

/// Names in a list as the page shows them.
trait MapNames {
    fn map_names(self, shown: impl Fn(&str) -> String) -> Vec<(String, u64)>;
}

impl MapNames for Vec<(String, u64)> {
    fn map_names(self, shown: impl Fn(&str) -> String) -> Self {
        self.into_iter().map(|(name, number)| (shown(&name), number)).collect()
    }
}
