/// Escapes text for HTML, in elements and in double-quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(character),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_markup_are_escaped() {
        assert_eq!(
            escape("<a b=\"c\" d='e'>f & g</a>"),
            "&lt;a b=&quot;c&quot; d='e'&gt;f &amp; g&lt;/a&gt;"
        );
        assert_eq!(escape("Grüße"), "Grüße");
    }
}
