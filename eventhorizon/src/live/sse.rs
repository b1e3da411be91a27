//! The framing of server-sent events.

use serde::Serialize;

/// Returns one server-sent event (WHATWG HTML §9.2): `event: {name}`, `data: {json}`, an empty line.
///
/// JSON strings contain no raw line ends, so the data is always one line.
pub(crate) fn encode(name: &str, data: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(format!("event: {name}\ndata: {}\n\n", serde_json::to_string(data)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use horizon_core::wire::{COMMENTS, LIVE, PageStats};

    #[test]
    fn page_stats_are_encoded_as_the_contract_documents() {
        let stats = PageStats {
            viewers: 2,
            visits: 10,
            likes: 1,
            comments: 0,
            ..PageStats::default()
        };
        assert_eq!(
            encode(LIVE, &stats).unwrap(),
            "event: live\ndata: {\"viewers\":2,\"visits\":10,\"likes\":1,\"comments\":0}\n\n"
        );
    }

    #[test]
    fn a_line_end_in_the_data_does_not_split_the_event() {
        let message = encode(COMMENTS, &"one\r\ntwo").unwrap();
        assert_eq!(message.lines().count(), 3);
    }
}
