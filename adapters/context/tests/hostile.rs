//! Reads requests with any content.

#[cfg(test)]
mod tests {
    use horizon_context::{ContextReader, PageRequest};
    use horizon_core::{ContextValue, VisitContext};

    /// Parts of requests that mean something.
    const PARTS: [&str; 24] = [
        "Mozilla/5.0 ",
        "Chrome/999999999999999999999999.0.0.0 ",
        "iPhone; CPU iPhone OS 17_5 like Mac OS X",
        "Version/",
        "https://",
        "android-app://",
        "www.",
        "co.uk",
        "xn--",
        "@",
        ":",
        "[::1]",
        "utm_source=",
        "&ref=",
        "%ff%00",
        "&utm_medium=",
        "?",
        "\u{202e}",
        "\u{0}",
        "\u{2028}",
        "İ",
        "\u{1f468}\u{200d}\u{1f469}",
        "203.0.113.77",
        "....",
    ];

    /// Returns a text of meaningful and random parts.
    fn text(state: &mut u64, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            let number = usize::try_from(*state >> 40).unwrap();
            match PARTS.get(number % 32) {
                Some(part) => text.push_str(part),
                None => text.extend(char::from_u32(u32::try_from(number % 0x1_1000).unwrap())),
            }
        }
        text
    }

    fn values(context: &VisitContext) -> impl Iterator<Item = &ContextValue> {
        let values = [
            &context.source,
            &context.channel,
            &context.medium,
            &context.campaign,
            &context.term,
            &context.content,
            &context.browser,
            &context.system,
            &context.device,
            &context.country,
            &context.language,
        ];
        values.into_iter().flatten()
    }

    #[test]
    fn values_of_any_request_are_short_visible_and_in_lower_case() {
        let reader = ContextReader::new(["example.org", "", "[::1]:80", "a..b"]);
        let mut state = 2_026;
        for round in 0..2_000 {
            let texts: Vec<String> = (0..6).map(|_| text(&mut state, round % 200)).collect();
            let context = reader.read(&PageRequest {
                user_agent: Some(&texts[0]),
                accept_language: Some(&texts[1]),
                referrer: Some(&texts[2]),
                page_query: Some(&texts[3]),
                host: Some(&texts[4]),
                country_header: Some(&texts[5]),
                ..PageRequest::default()
            });
            for value in values(&context) {
                let text = value.as_str();
                assert!((1..=64).contains(&text.chars().count()), "{text}");
                assert!(
                    !text
                        .chars()
                        .any(|c| c.is_control() || c == '\u{2028}' || c == '\u{202e}'),
                    "{text}"
                );
                assert_eq!(text, text.to_lowercase());
            }
        }
    }

    #[test]
    fn a_long_request_costs_no_more_than_its_start() {
        let reader = ContextReader::new(["example.org"]);
        let mut state = 15;
        let long = text(&mut state, 8 << 20);
        let context = reader.read(&PageRequest {
            user_agent: Some(&long),
            accept_language: Some(&long),
            referrer: Some(&long),
            page_query: Some(&long),
            host: Some(&long),
            country_header: Some(&long),
            ..PageRequest::default()
        });
        assert!(context.channel.is_some());
    }

    #[test]
    fn what_is_printed_for_errors_has_no_content_of_the_request() {
        let request = PageRequest {
            user_agent: Some("agent"),
            referrer: Some("https://secret.example.com/"),
            address: Some([203, 0, 113, 77].into()),
            ..PageRequest::default()
        };
        assert_eq!(format!("{request:?}"), "PageRequest(…)");
        let reader = ContextReader::new(["example.org"]);
        assert!(reader.read(&request).source.is_some());
        let printed = format!("{reader:?}");
        assert!(!printed.contains("secret") && !printed.contains("203"), "{printed}");
    }
}
