//! Removes visitors from entries that are not events, because the key of a visitor may not be kept.

use serde_json::Value;

/// The number of hexadecimal digits of a key.
const KEY_DIGITS: usize = 32;

/// The number of hexadecimal digits at the end of a text that may be the start of a key.
const CUT_KEY_DIGITS: usize = 8;

/// What stands for a key in a text.
const REMOVED: &[u8] = b"[removed]";

/// Returns the text of an entry without its visitors. What is not JSON loses every id.
pub(crate) fn without_visitors(text: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else {
        return without_ids(text);
    };
    if remove_visitors(&mut value) {
        value.to_string().into()
    } else {
        text.into()
    }
}

/// Removes all fields with the name `visitor`, and ids within longer texts, which may be JSON. Returns whether there
/// was one.
fn remove_visitors(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let count = fields.len();
            fields.retain(|name, _| !name.trim().eq_ignore_ascii_case("visitor"));
            let is_removed = fields.len() < count;
            fields.values_mut().map(remove_visitors).fold(is_removed, |a, b| a | b)
        }
        Value::Array(values) => values.iter_mut().map(remove_visitors).fold(false, |a, b| a | b),
        Value::String(text) if !text.bytes().all(is_of_id) => {
            let kept = without_ids(text.as_bytes());
            let is_changed = kept != text.as_bytes();
            if is_changed {
                *text = String::from_utf8_lossy(&kept).into_owned();
            }
            is_changed
        }
        _ => false,
    }
}

const fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b'-'
}

/// Returns a text without ids: what has at least 32 hexadecimal digits, also with hyphens between them, or eight at the
/// end, where an id may be cut.
pub(crate) fn without_ids(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for run in text.chunk_by(|a, b| is_of_id(*a) == is_of_id(*b)) {
        let digits = run.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
        let is_cut = digits >= CUT_KEY_DIGITS && text.ends_with(run);
        let is_id = (digits >= KEY_DIGITS || is_cut) && run.first().copied().is_some_and(is_of_id);
        kept.extend_from_slice(if is_id { REMOVED } else { run });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn no_visitor_remains_whatever_the_text_is() {
        let hyphens = "01234567-89ab-cdef-0123-456789abcdef";
        for text in [
            format!(r#"{{"v":9,"topic":"site","visitor":"{KEY}"}}"#),
            format!(r#"{{"v":9,"Visitor":"{hyphens}","a":[{{"visitor":["{KEY}"]}}]}}"#),
            format!(r#"{{"v":9,"visitor":"{KEY}""#),
            format!("visitor={hyphens}&seconds=3"),
            format!("\u{1f600}{KEY}"),
            format!(r#"{{"v":9,"visitor":"{}"#, &KEY[..20]),
            format!(r#""{{\"visitor\":\"{KEY}\"}}""#),
            format!(r#"{{"event":"{{\"visitor\":\"{hyphens}\"}}"}}"#),
            format!(r#"["visitor {KEY}"]"#),
        ] {
            let kept = String::from_utf8(without_visitors(text.as_bytes())).unwrap();
            assert!(!kept.contains(&KEY[..20]) && !kept.contains(hyphens), "{kept}");
        }
        let other = format!(r#"{{"v": 9, "reader": "{KEY}"}}"#);
        assert_eq!(without_visitors(other.as_bytes()), other.as_bytes());
        assert_eq!(without_visitors(b"nonsense"), b"nonsense");
    }
}
