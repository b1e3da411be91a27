/// The colours of code, light and dark, as a style sheet.
#[must_use]
pub fn highlight_css() -> String {
    String::new()
}
