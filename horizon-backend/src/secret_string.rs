use std::fmt;

/// A setting that may hold a password. Its `Debug` output hides the value, and a command-line parser accepts every
/// value, because its error message would repeat the value.
///
/// ```
/// use horizon_backend::SecretString;
///
/// let url = SecretString::from("redis://:hunter2@example.org".to_owned());
/// assert_eq!(format!("{url:?}"), "SecretString(…)");
/// ```
#[derive(Clone)]
pub struct SecretString(pub String);

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(…)")
    }
}
