use std::fmt;

/// A text that may be secret, such as a key or an address with a password; its `Debug` says nothing.
///
/// A parser of arguments takes it whatever it says, because its complaint would repeat it.
///
/// ```
/// use horizon_backend::SecretText;
///
/// let address = SecretText::from("redis://:hunter2@example.org".to_owned());
/// assert_eq!(format!("{address:?}"), "SecretText(…)");
/// assert!(address.0.contains("hunter2"));
/// ```
#[derive(Clone)]
pub struct SecretText(pub String);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}
