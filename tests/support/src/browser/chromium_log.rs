//! Console errors of Chromium, and the hosts of its requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::text;

/// Returns the errors of a console, with `network_may_fail` without those about requests that got no response.
pub(super) fn errors(entries: &Value, network_may_fail: bool) -> Vec<String> {
    let entries = entries.as_array().into_iter().flatten();
    let severe = entries.filter(|entry| text(&entry["level"]) == "SEVERE");
    let lines = severe.map(|entry| format!("{}: {}", text(&entry["source"]), text(&entry["message"])));
    lines
        .filter(|line| !(network_may_fail && is_about_the_network(line)))
        .collect()
}

fn is_about_the_network(line: &str) -> bool {
    line.starts_with("network: ") && (line.contains("net::ERR_") || line.contains("503"))
}

/// The requests in a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfers {
    /// The `host:port` of each request that left the machine.
    pub(super) hosts: BTreeSet<String>,
    /// The size of the responses to these requests that have ended, with their headers, in bytes.
    pub(super) bytes: u64,
    /// The requests without an end but live streams: their addresses by id.
    pub(super) pending: BTreeMap<String, String>,
}

impl Transfers {
    /// Adds the entries that were logged since the last call.
    pub(super) fn add(&mut self, entries: &Value) {
        let entries = entries.as_array().into_iter().flatten();
        let events = entries.filter_map(|entry| serde_json::from_str::<Value>(text(&entry["message"])).ok());
        for event in events {
            let at = |pointer: &str| event.pointer(pointer).unwrap_or(&Value::Null);
            let method = text(at("/message/method"));
            let id = text(at("/message/params/requestId"));
            match method {
                "Network.requestWillBeSent" => {
                    let address = text(at("/message/params/request/url"));
                    let Some(host) = host(address) else { continue };
                    self.hosts.insert(host);
                    if text(at("/message/params/type")) != "EventSource" {
                        self.pending.insert(id.to_owned(), address.to_owned());
                    }
                }
                "Network.loadingFinished" => {
                    let is_known = self.pending.remove(id).is_some();
                    let bytes = at("/message/params/encodedDataLength").as_u64().unwrap_or(0);
                    self.bytes += if is_known { bytes } else { 0 };
                }
                "Network.loadingFailed" => {
                    self.pending.remove(id);
                }
                _ => {}
            }
        }
    }
}

fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let leaves_the_machine = matches!(url.scheme(), "http" | "https" | "ws" | "wss");
    let host = url.host_str().filter(|_| leaves_the_machine)?;
    Some(format!("{host}:{}", url.port_or_known_default().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_severe_entries_are_errors_and_network_errors_can_be_ignored() {
        let entries = json!([
            { "level": "INFO", "source": "console-api", "message": "hello" },
            { "level": "SEVERE", "source": "javascript", "message": "TypeError" },
            { "level": "SEVERE", "source": "network", "message": "net::ERR_CONNECTION_REFUSED" },
        ]);
        assert_eq!(errors(&entries, false).len(), 2);
        assert_eq!(errors(&entries, true), ["javascript: TypeError"]);
    }

    #[test]
    fn requests_have_a_host_an_end_and_a_size() {
        let event = |method: &str, parameters: Value| {
            let event = json!({ "message": { "method": format!("Network.{method}"), "params": parameters } });
            json!({ "message": event.to_string() })
        };
        let sent = |id: &str, url: &str, kind: &str| {
            let parameters = json!({ "requestId": id, "request": { "url": url }, "type": kind });
            event("requestWillBeSent", parameters)
        };
        let mut transfers = Transfers::default();
        transfers.add(&json!([
            sent("1", "http://127.0.0.1:3000/", "Document"),
            sent("2", "https://fonts.example/x", "Font"),
            sent("3", "data:,x", "Image"),
            sent("4", "http://127.0.0.1:3000/live", "EventSource"),
            event(
                "loadingFinished",
                json!({ "requestId": "1", "encodedDataLength": 1200 })
            ),
        ]));
        transfers.add(&json!([event("loadingFailed", json!({ "requestId": "3" }))]));
        assert_eq!(Vec::from_iter(transfers.hosts), ["127.0.0.1:3000", "fonts.example:443"]);
        assert_eq!(transfers.bytes, 1200);
        assert_eq!(
            Vec::from_iter(transfers.pending.into_values()),
            ["https://fonts.example/x"]
        );
    }
}
