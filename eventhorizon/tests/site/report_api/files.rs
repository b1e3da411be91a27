use super::QueriedSite;

async fn csv(site: &QueriedSite, path: &str) -> String {
    let answer = site.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.text);
    assert_eq!(
        answer.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    String::from_utf8(answer.text.to_vec()).unwrap()
}

#[tokio::test]
async fn a_file_has_the_list_of_the_dashboard() {
    let site = QueriedSite::with_readers().await;
    let pages = csv(&site, "/reports/pages.csv?period=7d").await;
    let expected = "\
page,visitors,pageviews,page_visits,time_on_page,median_time_on_page,finished_share,likes,comments
bread,2,2,2,0,0,0,0,0
docs/soup,2,2,2,0,0,0,1,0
";
    assert_eq!(pages, expected);
    let sources = csv(
        &site,
        "/reports/sources.csv?from=2027-01-15&to=2027-01-15&page=docs%2Fsoup",
    )
    .await;
    let expected = "source,visitors,visits,pageviews,views_per_visit,bounce_rate,visit_duration\ngoogle,1,1,1,1,0,60\n";
    assert_eq!(sources, expected);
    for list in [
        "exit-pages",
        "channels",
        "campaigns",
        "mediums",
        "terms",
        "contents",
        "devices",
        "browsers",
        "systems",
        "countries",
        "languages",
        "events",
    ] {
        csv(&site, &format!("/reports/{list}.csv?period=all")).await;
    }
}

#[tokio::test]
async fn old_pages_are_those_that_were_published_long_before() {
    let site = QueriedSite::with_readers().await;
    let rows = csv(&site, "/reports/old-pages.csv").await;
    let pages: Vec<_> = rows.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(pages, ["entry_page", "bread"]);
    let rows = csv(&site, "/reports/entry-pages.csv").await;
    assert_eq!(rows.lines().count(), 3);
}

#[tokio::test]
async fn the_course_is_in_hours_days_or_months() {
    let site = QueriedSite::with_readers().await;
    for (query, first) in [
        ("period=yesterday", "2027-01-15T08:00:00Z,2,2,3,1.5,"),
        ("period=7d", "2027-01-15,2,2,3,1.5,"),
        ("period=12m", "2027-01,3,3,4,"),
        ("period=7d&page=bread", "2027-01-15,2,2,2,0,0,0,0,0"),
        // A page has no sessions here.
        ("period=7d&source=google", "2027-01-15,2,2,3,1.5,"),
    ] {
        let rows = csv(&site, &format!("/reports/timeseries.csv?{query}")).await;
        assert!(rows.lines().any(|row| row.starts_with(first)), "{query}: {rows}");
    }
}

#[tokio::test]
async fn the_course_has_a_row_for_each_time_until_now() {
    let site = QueriedSite::with_readers().await;
    let times = async |query: &str| {
        let rows = csv(&site, &format!("/reports/timeseries.csv?{query}")).await;
        let rows: Vec<(String, String)> = rows
            .lines()
            .skip(1)
            .filter_map(|row| {
                row.split_once(',')
                    .map(|(time, rest)| (time.to_owned(), rest.to_owned()))
            })
            .collect();
        rows
    };
    let days = times("from=2027-01-13&to=2027-03-01").await;
    let names: Vec<_> = days.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(names, ["2027-01-13", "2027-01-14", "2027-01-15", "2027-01-16"]);
    assert_eq!(
        days[0].1, "0,0,0,,,,,,,,0,0,0",
        "rates and means of nothing are unknown"
    );
    assert!(days[2].1.starts_with("2,2,3,"), "{days:?}");
    let hours = times("period=yesterday").await;
    assert_eq!((hours.len(), hours[0].0.as_str()), (24, "2027-01-14T23:00:00Z"));
    let months = times("period=12m&page=bread").await;
    assert_eq!((months.len(), months[0].1.as_str()), (12, "0,0,0,,,,0,0"));
    assert_eq!(times("from=2027-03-01&to=2027-03-09").await, []);
}

#[tokio::test]
async fn a_browser_saves_the_file_under_its_name() {
    let site = QueriedSite::start().await;
    let answer = site.get("/reports/pages.csv?period=7d").await;
    let name = "attachment; filename=\"pages-2027-01-09-2027-01-15.csv\"";
    assert_eq!(answer.headers["content-disposition"], name);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_file_with_other_numbers_than_asked_for_is_an_error() {
    let site = QueriedSite::start().await;
    for (path, status, detail) in [
        ("/reports/pages.csv?period=8d", 400, "There is no period “8d”."),
        (
            "/reports/pages.csv?country=DE&event=x",
            400,
            "The report has no answer: ",
        ),
        ("/reports/nothing.csv", 404, ""),
    ] {
        let answer = site.get(path).await;
        let problem = answer.json();
        assert_eq!(answer.status, status, "{path}: {problem}");
        assert!(
            problem["detail"].as_str().unwrap_or_default().starts_with(detail),
            "{path}: {problem}"
        );
    }
}
