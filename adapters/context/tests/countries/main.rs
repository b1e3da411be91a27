//! Looks up countries in MMDB files that the tests write.

#[cfg(test)]
mod mmdb;

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        net::{IpAddr, Ipv6Addr},
        path::Path,
        time::{Duration, SystemTime},
    };

    use horizon_context::{ContextReader, CountryFile, PageRequest};
    use horizon_core::error_chain;

    use crate::mmdb::{MmdbValue, database};

    /// An IPv4 network in an IPv6 database.
    fn v4(octets: [u8; 4]) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(u32::from_be_bytes(octets)))
    }

    /// A database in which 192.0.2.0/24 and 2001:db8::/32 belong to a country, in the form of MaxMind.
    fn countries(code: &'static str) -> Vec<u8> {
        let record = || {
            MmdbValue::Map(vec![(
                "country",
                MmdbValue::Map(vec![("iso_code", MmdbValue::Text(code))]),
            )])
        };
        database(&[
            (v4([192, 0, 2, 0]), 120, record()),
            ("2001:db8::".parse().unwrap(), 32, record()),
        ])
    }

    /// Replaces a file. Its time of modification is `age` minutes ago, so that versions differ for certain.
    fn replace(path: &Path, content: &[u8], age: u64) {
        let new = path.with_extension("new");
        fs::write(&new, content).unwrap();
        let modified = SystemTime::now() - Duration::from_secs(60 * age);
        File::options()
            .write(true)
            .open(&new)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        fs::rename(new, path).unwrap();
    }

    fn country(reader: &ContextReader, address: &str) -> Option<String> {
        let address: IpAddr = address.parse().unwrap();
        let context = reader.read(&PageRequest {
            address: Some(address),
            ..PageRequest::default()
        });
        context.country.map(|value| value.as_str().to_owned())
    }

    fn reader(path: &Path) -> ContextReader {
        ContextReader::new([""; 0]).with_countries(CountryFile::open(path).unwrap())
    }

    #[test]
    fn addresses_have_the_countries_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countries.mmdb");
        replace(&path, &countries("DE"), 1);
        let reader = reader(&path);
        for known in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"] {
            assert_eq!(country(&reader, known).as_deref(), Some("DE"), "{known}");
        }
        for unknown in ["198.51.100.1", "2001:db9::1", "127.0.0.1", "::1"] {
            assert_eq!(country(&reader, unknown), None, "{unknown}");
        }
        let with_header = reader.read(&PageRequest {
            address: Some([192, 0, 2, 7].into()),
            country_header: Some("FR"),
            ..PageRequest::default()
        });
        assert_eq!(with_header.country.unwrap().as_str(), "FR");
        let tor = reader.read(&PageRequest {
            address: Some([192, 0, 2, 7].into()),
            country_header: Some("T1"),
            ..PageRequest::default()
        });
        assert_eq!(tor.country.unwrap().as_str(), "DE");
    }

    #[test]
    fn the_forms_of_other_publishers_are_read_and_codes_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countries.mmdb");
        let record = |key, value| MmdbValue::Map(vec![(key, MmdbValue::Text(value))]);
        let content = database(&[
            (v4([192, 0, 2, 0]), 128, record("country_code", "GB")),
            (v4([192, 0, 2, 1]), 128, record("country", "US")),
            (v4([192, 0, 2, 2]), 128, record("country_code", "XX")),
            (v4([192, 0, 2, 3]), 128, record("country", "Germany")),
            (v4([192, 0, 2, 4]), 128, record("country_code", "se")),
        ]);
        replace(&path, &content, 1);
        let reader = reader(&path);
        for (address, expected) in [
            ("192.0.2.0", Some("GB")),
            ("192.0.2.1", Some("US")),
            ("192.0.2.2", None),
            ("192.0.2.3", None),
            ("192.0.2.4", Some("SE")),
        ] {
            assert_eq!(country(&reader, address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_replaced_file_is_loaded_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countries.mmdb");
        replace(&path, &countries("DE"), 9);
        let reader = reader(&path);
        let refreshed = |times| {
            for _ in 0..times {
                reader.refresh();
            }
            country(&reader, "192.0.2.7").unwrap()
        };

        // The first refresh waits, because the file may be half written.
        replace(&path, &countries("FR"), 8);
        assert_eq!(refreshed(1), "DE");
        assert_eq!(refreshed(1), "FR");

        let broken = countries("GB");
        replace(&path, &broken[..broken.len() - 40], 7);
        assert_eq!(refreshed(3), "FR");
        fs::remove_file(&path).unwrap();
        assert_eq!(refreshed(3), "FR");
        replace(&path, &countries("GB"), 6);
        assert_eq!(refreshed(2), "GB");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mmdb");
        let error = |content: Option<&[u8]>| {
            if let Some(content) = content {
                fs::write(&path, content).unwrap();
            }
            let error = CountryFile::open(&path).unwrap_err();
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            format!("{error}: {}", error_chain(&error))
        };
        assert!(error(None).contains("cannot be read"));
        assert!(error(Some(b"")).contains("not a valid MMDB file"));
        assert!(error(Some(&[0xff; 100_000])).contains("not a valid MMDB file"));
        let networks = [(
            v4([192, 0, 2, 0]),
            120,
            MmdbValue::Map(vec![("asn", MmdbValue::Text("AS64496"))]),
        )];
        let no_countries = error(Some(&database(&networks)));
        assert!(
            no_countries.contains("has no countries: its type is `Test`"),
            "{no_countries}"
        );
        assert!(CountryFile::open(folder.path()).is_err());
    }

    /// Changes each byte of a file in several ways: none of them may panic or take long.
    #[test]
    fn a_damaged_file_is_refused_or_finds_no_country() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mmdb");
        let content = countries("DE");
        let mut used = 0;
        for index in (0..content.len()).step_by(7) {
            for value in [0x00, 0x5f, 0xff] {
                let mut damaged = content.clone();
                damaged[index] ^= value | 1;
                fs::write(&path, damaged).unwrap();
                if let Ok(file) = CountryFile::open(&path) {
                    used += 1;
                    let reader = ContextReader::new([""; 0]).with_countries(file);
                    for address in ["192.0.2.7", "2001:db8::1", "::", "255.255.255.255"] {
                        country(&reader, address);
                    }
                }
            }
        }
        assert!(used > 0);
    }
}
