//! The usual spelling of well-known names. Reports have all names in lower case.

use std::borrow::Cow;

/// Sources, browsers and systems, whose names are more than a word with a capital letter, or frequent.
const NAMES: [&str; 44] = [
    "Android",
    "Bing",
    "Bluesky",
    "Brave",
    "ChatGPT",
    "Chrome",
    "Chrome OS",
    "Claude",
    "DuckDuckGo",
    "Ecosia",
    "Edge",
    "Facebook",
    "Firefox",
    "Gemini",
    "GitHub",
    "GitLab",
    "Gmail",
    "Google",
    "Google News",
    "Hacker News",
    "Instagram",
    "iOS",
    "Kagi",
    "LinkedIn",
    "Linux",
    "Lobsters",
    "macOS",
    "Mastodon",
    "OpenAI",
    "Opera",
    "Perplexity",
    "Pinterest",
    "Qwant",
    "Reddit",
    "Safari",
    "Samsung Internet",
    "Stack Overflow",
    "Telegram",
    "Threads",
    "TikTok",
    "WhatsApp",
    "Wikipedia",
    "Windows",
    "YouTube",
];

/// Returns a name with its usual spelling, if it is well known. A version may follow it.
pub(super) fn spelled(value: &str) -> Cow<'_, str> {
    let is_version = |word: &str| word.starts_with(|character: char| character.is_ascii_digit());
    let (name, version) = match value.rsplit_once(' ') {
        Some((name, version)) if is_version(version) => (name, Some(version)),
        _ => (value, None),
    };
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    match (known, version) {
        (Some(known), Some(version)) => format!("{known} {version}").into(),
        (Some(known), None) => (*known).into(),
        (None, _) => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_have_their_spelling_and_others_stay() {
        for (value, text) in [
            ("hacker news", "Hacker News"),
            ("duckduckgo", "DuckDuckGo"),
            ("firefox 145", "Firefox 145"),
            ("macos", "macOS"),
            ("ios 26", "iOS 26"),
            ("news.example.com", "news.example.com"),
            ("letter 7", "letter 7"),
            ("google.example", "google.example"),
            ("", ""),
        ] {
            assert_eq!(spelled(value), text);
        }
    }
}
