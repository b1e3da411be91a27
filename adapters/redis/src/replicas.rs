//! How many replicas must confirm a write before it is acknowledged: `?wait=N` in the address.

use std::time::Duration;

use horizon_core::{Error, Result};
use redis::{Pipeline, RedisError, RedisResult, Value, from_redis_value};

use crate::error::map;

/// How long replicas may take to confirm a write, shorter than a command may take.
const CONFIRM_WAIT: Duration = Duration::from_secs(1);

/// The most replicas that an address may ask for, in servers.
const MAX_REPLICAS: u8 = 16;

/// The number of replicas that must confirm a write. Zero asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replicas(u8);

impl Replicas {
    /// Reads the part of an address behind its `?`. An error repeats a parameter's name, never its value.
    pub(crate) fn from_query(query: Option<&str>) -> Result<Self> {
        let mut replicas = Self::default();
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            match parameter.split_once('=') {
                Some(("wait", number)) => replicas = Self::parse(number)?,
                Some((name, _)) if is_name(name) => {
                    let sentence = format!("an address of Redis knows no parameter `{name}`, only `wait`");
                    return Err(Error::permanent(sentence));
                }
                _ => {
                    return Err(Error::permanent(
                        "behind the `?` of an address of Redis only `wait=N` may stand; write a `?` of a \
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
            let sentence = format!("`wait` in an address of Redis must be a number from 0 to {MAX_REPLICAS}");
            Error::permanent(sentence)
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Lets the pipeline end with a wait until the replicas have everything before it.
    ///
    /// The wait must be in the same pipeline as the writes: on a connection that was opened again it would ask the
    /// server that is behind the address now, which may never have seen them.
    pub(crate) fn wait_in(self, pipe: &mut Pipeline) {
        if !self.is_zero() {
            pipe.cmd("WAIT").arg(self.0).arg(CONFIRM_WAIT.as_millis().to_string());
        }
    }

    /// Removes the answer to the wait, which is the last, and checks it.
    pub(crate) fn confirm(self, answers: &mut Vec<RedisResult<Value>>) -> Result<(), NotReplicated> {
        if self.is_zero() {
            return Ok(());
        }
        let answer = answers.pop().unwrap_or(Ok(Value::Nil)).map_err(NotReplicated::Driver)?;
        let confirmed: u8 = from_redis_value(answer).map_err(|driver| NotReplicated::Driver(driver.into()))?;
        if confirmed >= self.0 {
            return Ok(());
        }
        Err(NotReplicated::TooFew {
            confirmed,
            asked: self.0,
        })
    }
}

/// Why a write does not count as taken although Redis has it.
#[derive(Clone, Debug)]
pub(crate) enum NotReplicated {
    /// Redis refused to wait.
    Driver(RedisError),
    /// Not all replicas answered in time.
    TooFew { confirmed: u8, asked: u8 },
}

impl From<&NotReplicated> for Error {
    fn from(unconfirmed: &NotReplicated) -> Self {
        match unconfirmed {
            NotReplicated::Driver(driver) => map("Redis cannot wait for its replicas", driver.clone()),
            NotReplicated::TooFew { confirmed, asked } => Self::unavailable(format!(
                "only {confirmed} of {asked} replicas confirmed the write within {} ms, as `wait={asked}` in the \
                 address of Redis asks",
                CONFIRM_WAIT.as_millis()
            )),
        }
    }
}

/// Whether this can be a parameter's name, and so is no part of a password.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_replicas_is_read_and_anything_else_is_refused_by_its_name() {
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
