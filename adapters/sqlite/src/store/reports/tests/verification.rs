use super::*;

#[tokio::test]
async fn a_store_agrees_with_itself_and_each_changed_number_is_found() {
    let mut fixture = Fixture::new();
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
        ("topic_days SET seconds = seconds + 1", "seconds of the hours"),
        ("dimension_days SET visits = 5 WHERE value = 'google'", "visits"),
        ("dimension_days SET bounces = 5 WHERE value = 'google'", "bounces"),
        ("dimension_days SET visitors = 5 WHERE dimension = 0", "visitors"),
    ] {
        fixture.sql().execute_batch(&format!("UPDATE {change}")).unwrap();
        let found = fixture.verify().await;
        assert!(
            found.iter().any(|line| line.what.contains(expected)),
            "{change}: {found:?}"
        );
        fixture = Fixture::new();
        fixture.visit(after(0), 1, "hello", VisitCause::Open, 0).await;
        fixture.visit(after(2), 1, "hello", VisitCause::End, 70).await;
    }
}
