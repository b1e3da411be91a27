use std::time::Duration;

use horizon_core::{Error, Result};
use redis::{Pipeline, RedisError, RedisResult, Value, from_redis_value};

use crate::error::map;

/// How long replicas may take to confirm a write: one second, less than the timeout of a command.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(1);

/// The highest number of replicas in an address.
const MAX_REPLICAS: u8 = 16;

/// How many replicas must confirm a write: `?wait=N` in the address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replicas(u8);

impl Replicas {
    /// Parses the query of an address. An error repeats a parameter's name, never its value.
    pub(crate) fn from_query(query: Option<&str>) -> Result<Self> {
        let mut replicas = Self::default();
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            match parameter.split_once('=') {
                Some(("wait", number)) => replicas = Self::parse(number)?,
                Some((name, _)) if is_name(name) => {
                    let message = format!("unknown parameter `{name}` in the Redis address: only `wait` is supported");
                    return Err(Error::permanent(message));
                }
                _ => {
                    return Err(Error::permanent(
                        "invalid query in the Redis address: only `wait=N` may follow the `?`; write a `?` in a \
                         password as `%3F`",
                    ));
                }
            }
        }
        Ok(replicas)
    }

    fn parse(number: &str) -> Result<Self> {
        let replicas = number.parse().ok().filter(|&replicas| replicas <= MAX_REPLICAS);
        replicas.map(Self).ok_or_else(|| {
            let message = format!("invalid `wait` in the Redis address: use a number from 0 to {MAX_REPLICAS}");
            Error::permanent(message)
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Appends a WAIT, which waits until the replicas have everything before it.
    ///
    /// WAIT must be in the same pipeline as the writes: after a reconnect it could ask another server, which may never
    /// have seen them.
    pub(crate) fn append_wait(self, pipe: &mut Pipeline) {
        if !self.is_zero() {
            pipe.cmd("WAIT")
                .arg(self.0)
                .arg(CONFIRM_TIMEOUT.as_millis().to_string());
        }
    }

    /// Removes the reply to the WAIT, which is the last one, and checks it.
    pub(crate) fn check_wait(self, replies: &mut Vec<RedisResult<Value>>) -> Result<(), NotReplicated> {
        if self.is_zero() {
            return Ok(());
        }
        let reply = replies.pop().unwrap_or(Ok(Value::Nil)).map_err(NotReplicated::Driver)?;
        let confirmed: u8 = from_redis_value(reply).map_err(|driver| NotReplicated::Driver(driver.into()))?;
        if confirmed >= self.0 {
            return Ok(());
        }
        let required = self.0;
        Err(NotReplicated::TooFew { confirmed, required })
    }
}

/// Why a write that the master has is not acknowledged.
#[derive(Clone, Debug)]
pub(crate) enum NotReplicated {
    /// Redis rejected the WAIT.
    Driver(RedisError),
    /// Not all replicas confirmed in time.
    TooFew { confirmed: u8, required: u8 },
}

impl From<&NotReplicated> for Error {
    fn from(unconfirmed: &NotReplicated) -> Self {
        match unconfirmed {
            NotReplicated::Driver(driver) => map("Redis cannot wait for its replicas", driver.clone()),
            NotReplicated::TooFew { confirmed, required } => Self::unavailable(format!(
                "only {confirmed} of {required} replicas confirmed the write within {} ms, as `wait={required}` in \
                 the Redis address requires",
                CONFIRM_TIMEOUT.as_millis()
            )),
        }
    }
}

/// Returns whether the text can be the name of a parameter, and so is not part of a password.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_replicas_is_parsed_and_an_error_names_the_parameter() {
        for (query, replicas) in [
            (None, 0),
            (Some("wait=0"), 0),
            (Some("wait=2"), 2),
            (Some("wait=16"), 16),
        ] {
            assert_eq!(Replicas::from_query(query).unwrap(), Replicas(replicas));
        }
        for (query, named) in [
            ("wait=17", "`wait`"),
            ("wait=-1", "`wait`"),
            ("wait=", "`wait`"),
            ("wait=hunter2", "`wait`"),
            ("wait=1&wait_ms=hunter2", "`wait_ms`"),
            ("protocol=hunter2", "`protocol`"),
            ("hunter2", "`wait=N`"),
            ("hunter2=1", "`wait=N`"),
            ("", "`wait=N`"),
        ] {
            let error = Replicas::from_query(Some(query)).unwrap_err();
            assert!(!error.is_retryable(), "{query}");
            assert!(
                error.to_string().contains(named) && !error.to_string().contains("hunter2"),
                "{error}"
            );
        }
    }
}
