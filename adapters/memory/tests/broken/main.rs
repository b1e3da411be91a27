//! Every check of the conformance suites can fail: each has a broken adapter that it catches.

#![expect(clippy::unwrap_used, reason = "a broken adapter that cannot be built fails its test")]

mod bus;
mod comments;
mod facts;
mod last_seen;
mod lines;
mod paging;
mod presence;
mod report_facts;
mod reports;
mod salts;
mod stats;
mod store;

/// One test per check: it must catch the adapter, with a violation that contains the text. One more test compares the
/// checks with those of the suite.
macro_rules! caught {
    ($suite:ident, $list:ident: $($check:ident: $harness:expr => $violation:literal;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $check() {
                let mut harness = $harness;
                let check = horizon_core::testing::checks::$suite::$check(&mut harness);
                let outcome = horizon_core::testing::run_check(check).await;
                let violation = outcome.expect_err("the check passed").to_string();
                assert!(violation.contains($violation), "caught for another reason: {violation}");
            }
        )*

        #[test]
        fn every_check_has_a_broken_adapter() {
            let mut caught = vec![$(stringify!($check)),*];
            let mut listed = horizon_core::$list!(each: names);
            caught.sort_unstable();
            listed.sort_unstable();
            assert_eq!(caught, listed);
        }
    };
}
use caught;

macro_rules! names {
    ($module:ident: $($check:ident)*) => { vec![$(stringify!($check)),*] };
}
use names;
