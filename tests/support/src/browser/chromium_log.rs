//! Console errors of Chromium, and the hosts of its requests.

use std::collections::BTreeSet;

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

/// Returns the `host:port` of each request that left the machine.
pub(super) fn hosts(entries: &Value) -> BTreeSet<String> {
    let messages = entries
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| text(&entry["message"]));
    messages
        .filter_map(requested)
        .filter_map(|address| host(&address))
        .collect()
}

fn requested(message: &str) -> Option<String> {
    let event: Value = serde_json::from_str(message).ok()?;
    let event = event.get("message")?;
    let is_request = text(event.get("method")?) == "Network.requestWillBeSent";
    is_request
        .then(|| event.pointer("/params/request/url").map(text).map(str::to_owned))
        .flatten()
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
    fn hosts_are_those_of_http_requests() {
        let sent = |url: &str| {
            let parameters = json!({ "request": { "url": url } });
            let event = json!({ "message": { "method": "Network.requestWillBeSent", "params": parameters } });
            json!({ "message": event.to_string() })
        };
        let entries = json!([
            sent("http://127.0.0.1:3000/"),
            sent("https://fonts.example/x"),
            sent("data:,x"),
            sent("chrome://resources/x")
        ]);
        assert_eq!(Vec::from_iter(hosts(&entries)), ["127.0.0.1:3000", "fonts.example:443"]);
    }
}
