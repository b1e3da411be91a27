use std::error::Error as _;

use horizon_core::Error;
use redis::{ErrorKind, RedisError, ServerError};

/// What Redis says when it cannot do now what it could do another time.
const PASSING: [&str; 13] = [
    "BUSY",
    "CLUSTERDOWN",
    "EXECABORT",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOGROUP",
    "NOREPLICAS",
    "NOSCRIPT",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
];

/// Says what failed, whether it may pass, and keeps the driver's own error.
pub(crate) fn map(what: &str, driver: RedisError) -> Error {
    let error = if may_pass(&driver) {
        Error::unavailable(what)
    } else {
        Error::permanent(what)
    };
    error.with_source(driver)
}

/// What is behind an error, from its source down to the first cause.
pub(crate) fn cause(error: &Error) -> String {
    let chain = std::iter::successors(error.source(), |&cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Whether Redis is away, starting, full or in the hands of somebody else: that may be better next time.
///
/// Of several commands that failed together each has to say so.
fn may_pass(driver: &RedisError) -> bool {
    if driver.is_connection_dropped() || driver.is_timeout() || driver.kind() == ErrorKind::Io {
        return true;
    }
    let errors = driver.clone().into_server_errors();
    errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(|(_, error)| passes(error)))
}

/// The error codes of a connection that has not signed in.
const NOT_LOGGED_IN: [&str; 2] = ["NOAUTH", "WRONGPASS"];

/// Whether Redis refused this command, and will another time, too.
pub(crate) fn is_refusal(driver: &RedisError) -> bool {
    let errors = driver.clone().into_server_errors();
    let is_of_command = |(_, error): &(_, ServerError)| !NOT_LOGGED_IN.contains(&error.code());
    errors.is_some_and(|errors| errors.iter().any(is_of_command)) && !may_pass(driver)
}

fn passes(error: &ServerError) -> bool {
    // This one has no code of its own.
    let is_crowded = || {
        error
            .details()
            .is_some_and(|details| details.contains("max number of clients"))
    };
    PASSING.contains(&error.code()) || is_crowded()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_gets_over_may_pass_and_a_wrong_type_does_not() {
        for (code, retry) in [
            ("LOADING", true),
            ("OOM", true),
            ("READONLY", true),
            ("MISCONF", true),
            ("NOPERM", false),
            ("WRONGTYPE", false),
            ("ERR", false),
        ] {
            let answer = redis::parse_redis_value(format!("-{code} x\r\n").as_bytes()).unwrap();
            let error = map("it failed", answer.extract_error().unwrap_err());
            assert_eq!(error.is_retryable(), retry, "{code}");
            assert!(error.source().is_some());
            let refused = redis::parse_redis_value(format!("-{code} x\r\n").as_bytes()).unwrap();
            assert_eq!(is_refusal(&refused.extract_error().unwrap_err()), !retry, "{code}");
        }
        let answer = redis::parse_redis_value(b"-ERR max number of clients reached\r\n").unwrap();
        assert!(map("it failed", answer.extract_error().unwrap_err()).is_retryable());
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let refused = RedisError::from(refused);
        assert!(!is_refusal(&refused) && map("it failed", refused).is_retryable());
    }
}
