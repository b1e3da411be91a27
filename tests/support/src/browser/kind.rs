use std::env;

use anyhow::bail;

/// The environment variable that selects the browser of the tests: `chromium` (the default) or `firefox`.
const VARIABLE: &str = "HORIZON_TEST_BROWSER";

/// A browser that tests can run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserKind {
    /// Chromium or Chrome, with ChromeDriver.
    Chromium,
    /// Firefox, with geckodriver.
    Firefox,
}

impl BrowserKind {
    /// Returns the browser that `HORIZON_TEST_BROWSER` selects, or Chromium if it is not set.
    ///
    /// # Errors
    /// The value is not the name of a browser.
    pub fn selected() -> anyhow::Result<Self> {
        match env::var(VARIABLE).as_deref() {
            Err(_) | Ok("" | "chromium") => Ok(Self::Chromium),
            Ok("firefox") => Ok(Self::Firefox),
            Ok(name) => bail!("{VARIABLE} is `{name}`: set it to `chromium` or `firefox`"),
        }
    }
}
