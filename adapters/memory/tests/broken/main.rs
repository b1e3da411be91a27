//! Every check of the conformance suites can fail: for each there is an adapter that it catches.

#![expect(clippy::unwrap_used, reason = "a broken adapter that cannot be built fails its test")]

mod comments;
mod paging;
mod pipe;
mod presence;
mod salts;
mod stats;
mod store;

/// One test per check, in which the rig's adapter must be caught, and one that no check was left out.
macro_rules! caught {
    ($suite:ident, $list:ident: $($check:ident: $rig:expr;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $check() {
                let mut rig = $rig;
                let answer = horizon_core::testing::run_check(horizon_core::testing::$suite::$check(&mut rig)).await;
                // Shown with `--nocapture`, to read whether it was caught for the right reason.
                println!("{}: {}", stringify!($check), answer.expect_err("this adapter keeps the promise"));
            }
        )*

        #[test]
        fn every_check_is_proven_able_to_fail() {
            let mut proven = vec![$(stringify!($check)),*];
            let mut listed = horizon_core::$list!(each: names);
            proven.sort_unstable();
            listed.sort_unstable();
            assert_eq!(proven, listed);
        }
    };
}
use caught;

macro_rules! names {
    ($module:ident: $($check:ident)*) => { vec![$(stringify!($check)),*] };
}
use names;
