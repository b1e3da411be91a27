//! What the examples return according to the reports.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use anyhow::bail;
use horizon_core::reports::{DayRange, Dimension, Metric, Reports as _, Row, Value, hour_value};
use horizon_core::{Comment, CommentStore as _, Day, Slug};

use crate::answers::{Answers, cells, text};
use crate::blog::{POSTS, days_before, zone};

const OF_DAYS: [Metric; 7] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::BounceRate,
    Metric::VisitDuration,
    Metric::TimeOnPage,
    Metric::AnonymousShare,
];

type ExpectedRows = Vec<Vec<String>>;

/// Returns the rows that the example of a question returns.
pub(crate) async fn rows(question: &str, answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let month = answers.last(30);
    match question {
        "How often are my posts read?" => totals_of_posts(answers).await,
        "How was the last week?" => table(answers, answers.last(7), &[Dimension::Day], &OF_DAYS).await,
        "Did yesterday's post work?" => first_days(answers).await,
        "Where did the peak of the last week come from?" => sources_of_the_peak(answers).await,
        "Which old posts still bring people?" => old_posts(answers).await,
        "Do readers finish?" => {
            let metrics = [Metric::PageVisits, Metric::FinishedShare, Metric::TimeOnPage];
            table(answers, month, &[Dimension::Page], &metrics).await
        }
        "How long do they read?" => {
            let mut rows = table(answers, month, &[Dimension::Page], &[Metric::MedianTimeOnPage]).await?;
            rows.retain(|row| !row[1].is_empty());
            rows.sort();
            Ok(rows)
        }
        "Which campaign paid?" => {
            let metrics = [Metric::Visitors, Metric::BounceRate, Metric::ViewsPerVisit];
            let mut rows = table(answers, month, &[Dimension::Campaign], &metrics).await?;
            rows.retain(|row| !row[0].is_empty());
            Ok(rows)
        }
        "Phone or desktop?" => {
            let metrics = [Metric::Visitors, Metric::Visits];
            table(answers, month, &[Dimension::Device], &metrics).await
        }
        "Is this month better than last?" => two_months(answers).await,
        "At what time of the day do they read?" => hours_of_the_day(answers).await,
        "What do they click?" => {
            let dimensions = [Dimension::Event, Dimension::Page];
            table(answers, answers.last(7), &dimensions, &[Metric::Events]).await
        }
        "Whose posts are read?" => authors(answers).await,
        "What do readers write?" => comments_for_ada(answers).await,
        "Which numbers may still change?" => final_days(answers).await,
        other => bail!("the test lacks what `{other}` returns"),
    }
}

async fn table(
    answers: &Answers<'_>,
    range: DayRange,
    dimensions: &[Dimension],
    metrics: &[Metric],
) -> anyhow::Result<ExpectedRows> {
    let rows = answers.rows(range, dimensions, metrics).await?;
    Ok(rows.iter().map(|row| cells(row, metrics)).collect())
}

/// Returns the title of the post with this slug.
fn title(slug: &str) -> Option<String> {
    let post = POSTS.iter().find(|post| post.0 == slug);
    post.map(|post| post.1.to_owned())
}

/// Replaces the slugs in the first column by titles, and leaves out other pages.
fn with_titles(rows: ExpectedRows) -> ExpectedRows {
    let with_title = |mut row: Vec<String>| {
        row[0] = title(&row[0])?;
        Some(row)
    };
    rows.into_iter().filter_map(with_title).collect()
}

async fn totals_of_posts(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let metrics = [Metric::PageVisits, Metric::Likes, Metric::Comments];
    let rows = table(answers, answers.last(400), &[Dimension::Page], &metrics).await?;
    Ok(with_titles(rows))
}

async fn first_days(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let of_site = [Metric::Visitors, Metric::MedianTimeOnPage, Metric::FinishedShare];
    let of_page = [
        Metric::Visitors,
        Metric::PageVisits,
        Metric::MedianTimeOnPage,
        Metric::FinishedShare,
    ];
    let mut rows = Vec::new();
    for (slug, title, _, age) in POSTS {
        if age == 1 {
            let mut row = vec![title.to_owned()];
            row.extend(answers.numbers(answers.day(1), Some(slug), &of_page).await?);
            row.extend(answers.numbers(answers.day(1), None, &of_site).await?);
            rows.push(row);
        }
    }
    Ok(rows)
}

async fn sources_of_the_peak(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let days = answers
        .rows(answers.last(7), &[Dimension::Day], &[Metric::Visitors])
        .await?;
    let visitors = |row: &Row| row.metrics[0].to_f64().unwrap_or_default();
    // The first of the days with the most visitors.
    let peak = days.iter().rev().max_by(|a, b| visitors(a).total_cmp(&visitors(b)));
    let peak: Day = peak.expect("a day").dimensions[0].parse()?;
    let metrics = [Metric::Visitors, Metric::Visits];
    let mut rows = table(answers, DayRange::new(peak, peak), &[Dimension::Source], &metrics).await?;
    for row in &mut rows {
        row.insert(0, peak.to_string());
    }
    Ok(rows)
}

async fn old_posts(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let metrics = [Metric::Visitors, Metric::Visits];
    let mut rows = table(answers, answers.last(30), &[Dimension::EntryPage], &metrics).await?;
    let is_old = |slug: &str| POSTS.iter().any(|post| post.0 == slug && post.3 >= 29 + 90);
    rows.retain(|row| is_old(&row[0]));
    Ok(with_titles(rows))
}

async fn two_months(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let metrics = [Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Likes];
    let day_of_month: i64 = answers.today.to_string()[8..].parse()?;
    let first = days_before(answers.today, day_of_month - 1);
    let length_of_last: i64 = first.previous().to_string()[8..].parse()?;
    let first_of_last = days_before(first, length_of_last);
    let last_of_last = days_before(first_of_last, 1 - day_of_month.min(length_of_last));
    let mut rows = Vec::new();
    for (first, last) in [(first_of_last, last_of_last), (first, answers.today)] {
        let mut row = vec![first.to_string()];
        row.extend(answers.numbers(DayRange::new(first, last), None, &metrics).await?);
        rows.push(row);
    }
    Ok(rows)
}

async fn hours_of_the_day(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let zone = zone();
    let mut hours = BTreeMap::<u32, f64>::new();
    let week = answers.last(7);
    for row in answers.rows(week, &[Dimension::Hour], &[Metric::Pageviews]).await? {
        let pageviews = row.metrics[0].to_f64().unwrap_or_default();
        let days = (0..7).map(|age| days_before(answers.today, age));
        let mut starts = days.flat_map(|day| zone.hours(day));
        let hour = starts.find(|hour| hour_value(*hour) == *row.dimensions[0]);
        let clock = zone.clock_text(hour.expect("an hour of the week"));
        *hours.entry(clock[11..13].parse()?).or_default() += pageviews;
    }
    let row = |(hour, pageviews): (u32, f64)| vec![hour.to_string(), pageviews.to_string()];
    Ok(hours.into_iter().map(row).collect())
}

async fn authors(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let metrics = [
        Metric::PageVisits,
        Metric::Likes,
        Metric::Comments,
        Metric::FinishedShare,
    ];
    let pages = answers.rows(answers.last(30), &[Dimension::Page], &metrics).await?;
    let mut rows = Vec::new();
    for author in ["Ada", "Grace"] {
        let is_of_author = |row: &&Row| {
            POSTS
                .iter()
                .any(|post| post.2 == author && *row.dimensions[0] == *post.0)
        };
        let pages: Vec<_> = pages.iter().filter(is_of_author).collect();
        let mut row = vec![author.to_owned(), pages.len().to_string()];
        for (index, metric) in metrics.into_iter().enumerate() {
            let values = pages.iter().map(|row| Some(row.metrics[index]));
            let value = values.reduce(|left, right| add(left?, right?)).flatten();
            let value = value.expect("counts or ratios of a page");
            row.push(text(value, metric));
        }
        rows.push(row);
    }
    rows.sort_by_key(|row| Reverse(row[2].parse::<u64>().unwrap()));
    Ok(rows)
}

/// Returns the sum of counts, or the ratio of the sums of ratios.
fn add(left: Value, right: Value) -> Option<Value> {
    let parts = |value| match value {
        Value::Count(count) => Some((count, None)),
        Value::Ratio { numerator, denominator } => Some((numerator, Some(denominator))),
        _ => None,
    };
    Some(match (parts(left)?, parts(right)?) {
        ((left, None), (right, None)) => Value::Count(left + right),
        ((left, Some(of)), (right, Some(other))) => Value::Ratio {
            numerator: left + right,
            denominator: of + other,
        },
        _ => return None,
    })
}

/// Returns the latest comments, after a check that the reports count as many.
async fn comments_for_ada(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let mut comments = Vec::new();
    for (slug, title, author, _) in POSTS {
        let shown = answers
            .store
            .newest_comments(&Slug::new(slug)?, NonZeroUsize::MAX)
            .await?;
        let counted = answers
            .numbers(answers.last(400), Some(slug), &[Metric::Comments])
            .await?;
        assert_eq!(counted, [shown.len().to_string()], "comments of {slug}");
        if author == "Ada" {
            comments.extend(shown.into_iter().map(|comment| (title, comment)));
        }
    }
    comments.sort_by_key(|(_, comment)| Reverse(comment.at));
    let row = |(title, comment): (&str, Comment)| {
        let written = zone().clock_text(comment.at);
        vec![title.to_owned(), written, comment.author, comment.body]
    };
    Ok(comments.into_iter().take(20).map(row).collect())
}

async fn final_days(answers: &Answers<'_>) -> anyhow::Result<ExpectedRows> {
    let status = answers.store.status().await?;
    assert_eq!(status.late_events, 0, "the events are in the order of their times");
    let open_since = zone().day_of(status.open_since.expect("a day is open"));
    let mut rows = table(answers, answers.last(7), &[Dimension::Day], &[Metric::Pageviews]).await?;
    let flag = |is_true: bool| if is_true { "t" } else { "f" }.to_owned();
    for row in &mut rows {
        let day: Day = row[0].parse()?;
        row.extend([flag(day == answers.today), flag(day >= open_since)]);
    }
    Ok(rows)
}
