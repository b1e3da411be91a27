//! The lists of the conformance suites are complete.

macro_rules! count {
    ($module:ident: $($check:ident)*) => { [$(stringify!($check)),*].len() };
}

#[test]
fn no_check_is_left_out_of_its_suite() {
    for (listed, source) in [
        (
            horizon_core::comments_suite!(each: count),
            concat!(
                include_str!("../src/testing/comments.rs"),
                include_str!("../src/testing/paging.rs")
            ),
        ),
        (
            horizon_core::bus_suite!(each: count),
            include_str!("../src/testing/bus.rs"),
        ),
        (
            horizon_core::presence_suite!(each: count),
            include_str!("../src/testing/presence.rs"),
        ),
        (
            horizon_core::salts_suite!(each: count),
            include_str!("../src/testing/salts.rs"),
        ),
        (
            horizon_core::stats_suite!(each: count),
            include_str!("../src/testing/stats.rs"),
        ),
    ] {
        assert_eq!(listed, source.matches("\npub async fn ").count());
    }
}
