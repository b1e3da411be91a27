use horizon_core::Error;
use redis::{ErrorKind, RedisError, ServerError};

/// The codes of errors that can pass without a change to the command.
const RETRYABLE_CODES: [&str; 13] = [
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

/// The codes of a connection that is not authenticated.
const AUTH_CODES: [&str; 2] = ["NOAUTH", "WRONGPASS"];

/// Wraps the driver's error: `what` says what failed.
pub(crate) fn map(what: &str, driver: RedisError) -> Error {
    let error = if is_retryable(&driver) {
        Error::unavailable(what)
    } else {
        Error::permanent(what)
    };
    error.with_source(driver)
}

/// Returns 32 random hexadecimal digits.
pub(crate) fn random_id() -> horizon_core::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|e| Error::unavailable("the operating system has no random bytes").with_source(e))?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

/// Returns whether a retry may succeed. If several commands failed together, all of their errors must be retryable.
fn is_retryable(driver: &RedisError) -> bool {
    if driver.is_connection_dropped() || driver.is_timeout() || driver.kind() == ErrorKind::Io {
        return true;
    }
    let errors = driver.clone().into_server_errors();
    errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(|(_, error)| is_retryable_reply(error)))
}

/// Returns whether Redis rejected this command and would do so again.
pub(crate) fn is_rejected(driver: &RedisError) -> bool {
    let errors = driver.clone().into_server_errors();
    let is_of_command = |(_, error): &(_, ServerError)| !AUTH_CODES.contains(&error.code());
    errors.is_some_and(|errors| errors.iter().any(is_of_command)) && !is_retryable(driver)
}

/// Returns whether Redis rejected the user or the password.
pub(crate) fn is_login_rejected(driver: &RedisError) -> bool {
    let errors = driver.clone().into_server_errors();
    errors.is_some_and(|errors| errors.iter().any(|(_, error)| AUTH_CODES.contains(&error.code())))
}

fn is_retryable_reply(error: &ServerError) -> bool {
    // This error has no code of its own.
    let is_client_limit = |details: &str| details.contains("max number of clients");
    RETRYABLE_CODES.contains(&error.code()) || error.details().is_some_and(is_client_limit)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn an_error_that_passes_is_retryable_and_a_wrong_type_is_permanent() {
        for (code, retry) in [
            ("LOADING", true),
            ("OOM", true),
            ("READONLY", true),
            ("MISCONF", true),
            ("NOPERM", false),
            ("WRONGTYPE", false),
            ("ERR", false),
        ] {
            let reply = redis::parse_redis_value(format!("-{code} x\r\n").as_bytes()).unwrap();
            let driver = reply.extract_error().unwrap_err();
            assert_eq!(is_rejected(&driver), !retry, "{code}");
            let error = map("it failed", driver);
            assert_eq!(error.is_retryable(), retry, "{code}");
            assert!(error.source().is_some());
        }
        let reply = redis::parse_redis_value(b"-ERR max number of clients reached\r\n").unwrap();
        assert!(map("it failed", reply.extract_error().unwrap_err()).is_retryable());
        let refused = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        assert!(!is_rejected(&refused) && map("it failed", refused).is_retryable());
    }
}
