//! The country of a request.

use std::net::IpAddr;

use horizon_core::ContextValue;

use crate::{country_file::CountryFile, iso_3166::is_country};

/// Looks up countries.
#[derive(Debug, Default)]
pub(crate) struct CountryLookup(pub(crate) Option<CountryFile>);

impl CountryLookup {
    /// Returns the country that a trusted header states, otherwise that of the address in the file.
    pub(crate) fn find(&self, header: Option<&str>, address: Option<IpAddr>) -> Option<ContextValue> {
        let looked_up = || self.0.as_ref()?.country(address?);
        let of_header = header.and_then(|code| country(code.trim()));
        of_header.or_else(|| country(&looked_up()?))
    }

    /// Loads the file again if it was replaced; see [`CountryFile::refresh`].
    pub(crate) fn refresh(&self) {
        if let Some(file) = &self.0 {
            file.refresh();
        }
    }
}

/// Returns the code in capital letters if it is the code of a country. Proxies send `XX` for unknown countries and `T1`
/// for Tor.
fn country(code: &str) -> Option<ContextValue> {
    if code.len() != 2 {
        return None;
    }
    let code = code.to_ascii_uppercase();
    is_country(&code).then(|| ContextValue::new(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_a_country_is_used() {
        let countries = CountryLookup::default();
        let find = |header: &str| {
            countries
                .find(Some(header), None)
                .map(|value| value.as_str().to_owned())
        };
        assert_eq!(find("DE").as_deref(), Some("DE"));
        assert_eq!(find(" gb ").as_deref(), Some("GB"));
        for unknown in ["XX", "T1", "", "DEU", "é", "Germany", "D\0"] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
        assert_eq!(countries.find(None, Some([192, 0, 2, 1].into())), None);
    }
}
