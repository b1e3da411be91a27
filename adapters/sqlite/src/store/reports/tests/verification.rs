use super::*;

#[tokio::test]
async fn a_store_agrees_with_itself_and_each_changed_number_is_found() {
    let mut fixture = ReportFixture::new();
    let after = |minutes| NOW.plus(MINUTE * minutes);
    fixture.visit(after(0), 1, "hello", VisitCause::Open, 0).await;
    fixture.visit(after(2), 1, "hello", VisitCause::End, 70).await;
    fixture.visit(after(3), 2, "about", VisitCause::Open, 0).await;
    fixture.apply(after(4), Topic::Site, EventKind::visit(None)).await;
    assert_eq!(fixture.verify().await, []);
    for (change, expected) in [
        ("topics SET visits = visits + 1 WHERE name = 'site'", "visits of site"),
        (
            "topics SET undated_likes = 1 WHERE name = 'blog:hello'",
            "likes of blog:hello",
        ),
        (
            "topic_days SET seconds = seconds + 1",
            "seconds of the hours of 2027-01-15 of the site",
        ),
        (
            "topic_days SET reading_times = NULL",
            "bin 45 in the hours of 2027-01-15 of `hello`",
        ),
        (
            "dimension_days SET visits = 5 WHERE value = 'google'",
            "sessions of 2027-01-15 by source",
        ),
        (
            "dimension_days SET bounces = 5 WHERE value = 'google'",
            "bounces of the session rows of 2027-01-15",
        ),
        (
            "dimension_days SET visitors = 5 WHERE dimension = 0",
            "with entry_page `hello`",
        ),
    ] {
        fixture.sql().execute_batch(&format!("UPDATE {change}")).unwrap();
        let found = fixture.verify().await;
        assert!(
            found.iter().any(|line| line.what.contains(expected)),
            "{change}: {found:?}"
        );
        fixture = ReportFixture::new();
        fixture.visit(after(0), 1, "hello", VisitCause::Open, 0).await;
        fixture.visit(after(2), 1, "hello", VisitCause::End, 70).await;
    }
}
