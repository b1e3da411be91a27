//! A violation has the line of the check and of the test that ran it.

use horizon_core::Error;
use horizon_core::testing::{Violation, checks::stats, run_check};

use crate::store::{NeverExpires, harness};

const THIS_FILE: &str = file!();

/// Runs a check as the macros of the suites do.
macro_rules! run_in_macro {
    ($check:expr) => {
        run_check($check).await
    };
}

#[tokio::test]
async fn a_violation_has_the_line_of_the_check_and_of_the_test() {
    let mut harness = harness(NeverExpires);
    let line = line!() + 1;
    let outcome = run_check(stats::expire_erases_ids_past_the_window(&mut harness)).await;
    let violation = outcome.unwrap_err().to_string();
    let start = "the id is erased\n   got 1\nwanted 2\n check horizon-core/src/testing/retention.rs:";
    assert!(violation.starts_with(start), "{violation}");
    assert!(
        violation.ends_with(&format!("\n  test {THIS_FILE}:{line}")),
        "{violation}"
    );
}

#[tokio::test]
async fn the_line_of_a_suite_is_that_of_its_macro() {
    let mut harness = harness(NeverExpires);
    let line = line!() + 1;
    let outcome = run_in_macro!(stats::expire_erases_ids_past_the_window(&mut harness));
    let violation = outcome.unwrap_err().to_string();
    assert!(
        violation.ends_with(&format!("\n  test {THIS_FILE}:{line}")),
        "{violation}"
    );
}

#[tokio::test]
async fn an_error_of_a_port_has_the_line_of_its_question_mark() {
    let line = line!() + 2;
    let check = async {
        Err(Error::unavailable("down"))?;
        Ok(())
    };
    let violation = run_check(check).await.unwrap_err();
    let start = format!("the port failed: down\n check {THIS_FILE}:{line}\n");
    assert!(violation.to_string().starts_with(&start), "{violation}");
    assert!(Violation::new("a promise").to_string().contains(THIS_FILE));
}
