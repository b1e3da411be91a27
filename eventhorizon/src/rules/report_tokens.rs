//! The tokens for the reports.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use horizon_core::{Error, Result};
use http::{HeaderMap, header};

/// The shortest token, in characters.
const MIN_TOKEN_CHARS: usize = 12;

/// The tokens that give full access to the reports. It stores only their hashes.
#[derive(Default)]
pub(crate) struct ReportTokens(Vec<blake3::Hash>);

/// What the `Authorization` header of a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenCheck {
    /// There is no token.
    Missing,
    /// The token is not one of the site.
    Wrong,
    /// The token is one of the site.
    Valid,
}

impl ReportTokens {
    /// # Errors
    /// The token is too short.
    pub(crate) fn add(&mut self, token: &str) -> Result<()> {
        let length = token.chars().count();
        if length < MIN_TOKEN_CHARS {
            return Err(Error::permanent(format!(
                "a token for the reports has at least {MIN_TOKEN_CHARS} characters, this one has {length}"
            )));
        }
        self.0.push(blake3::hash(token.as_bytes()));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the token of a request: that of `Authorization: Bearer` (RFC 6750 §2.1), or the password of
    /// `Authorization: Basic` with any user name (RFC 7617 §2).
    pub(crate) fn check(&self, headers: &HeaderMap) -> TokenCheck {
        let values = headers.get_all(header::AUTHORIZATION).iter();
        let mut check = TokenCheck::Missing;
        for token in values.filter_map(|value| token(value.as_bytes())) {
            if self.contains(&token) {
                return TokenCheck::Valid;
            }
            check = TokenCheck::Wrong;
        }
        check
    }

    /// Compares with all tokens, each in constant time.
    fn contains(&self, token: &[u8]) -> bool {
        let hash = blake3::hash(token);
        self.0.iter().filter(|known| **known == hash).count() > 0
    }
}

/// Returns the token in the value of an `Authorization` header.
fn token(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let value = value.trim_ascii();
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (scheme, credentials) = value.split_at_checked(space)?;
    let credentials = credentials.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Cow::Borrowed(credentials));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut user_and_password = STANDARD.decode(credentials).ok()?;
    let colon = user_and_password.iter().position(|&byte| byte == b':')?;
    Some(Cow::Owned(user_and_password.split_off(colon + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authorization: &[&str]) -> TokenCheck {
        let mut tokens = ReportTokens::default();
        tokens.add("correct horse").unwrap();
        tokens.add("a:token of ünïcode").unwrap();
        let values = authorization
            .iter()
            .map(|value| (header::AUTHORIZATION, value.parse().unwrap()));
        tokens.check(&values.collect())
    }

    fn basic(user_and_password: &str) -> String {
        format!("Basic {}", STANDARD.encode(user_and_password))
    }

    #[test]
    fn a_token_is_a_bearer_token_or_a_password_of_any_user() {
        for valid in [
            "Bearer correct horse",
            "bearer   correct horse",
            "BEARER a:token of ünïcode",
        ] {
            assert_eq!(check(&[valid]), TokenCheck::Valid, "{valid}");
        }
        for valid in [":correct horse", "ada:correct horse", "ada:a:token of ünïcode"] {
            assert_eq!(check(&[&basic(valid)]), TokenCheck::Valid, "{valid}");
        }
        assert_eq!(
            check(&["Bearer nothing", &basic("ada:correct horse")]),
            TokenCheck::Valid
        );
    }

    #[test]
    fn other_credentials_are_wrong_or_no_token() {
        for wrong in [
            "Bearer correct hors",
            "Bearer correct horse2",
            "Bearer Correct horse",
            &basic("correct horse:"),
        ] {
            assert_eq!(check(&[wrong]), TokenCheck::Wrong, "{wrong}");
        }
        for missing in [
            "",
            "Bearer",
            "correct horse",
            "Basic !!!",
            &basic("no colon"),
            "Digest correct horse",
        ] {
            assert_eq!(check(&[missing]), TokenCheck::Missing, "{missing}");
        }
        assert_eq!(check(&[]), TokenCheck::Missing);
    }

    #[test]
    fn a_short_token_is_rejected_and_not_repeated() {
        let error = ReportTokens::default().add("hunter2").unwrap_err().to_string();
        assert_eq!(
            error,
            "a token for the reports has at least 12 characters, this one has 7"
        );
    }
}
