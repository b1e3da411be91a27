//! The expressions of Jekyll's template language that are URLs of the site.

/// The variables with the address of the site, which is the start of every absolute path here.
const SITE_VARIABLES: [&str; 3] = ["site.baseurl", "site.url", "site.github.url"];

/// The filters that make a URL absolute.
const URL_FILTERS: [&str; 3] = ["relative_url", "absolute_url", "prepend"];

/// Returns the value of an expression such as `"/about" | relative_url` or `site.baseurl`, or `None` if it is another
/// expression.
pub(super) fn output(expression: &str) -> Option<String> {
    let mut parts = expression.split('|').map(str::trim);
    let value = parts.next()?;
    if SITE_VARIABLES.contains(&value) {
        return parts.next().is_none().then(String::new);
    }
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let text = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut filters = parts.peekable();
    filters.peek()?;
    let is_url = |filter: &str| URL_FILTERS.contains(&filter.split(':').next().unwrap_or_default().trim());
    let path = text.trim_start_matches('/');
    filters.all(is_url).then(|| format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_the_site_have_a_value() {
        for (expression, value) in [
            ("site.baseurl", Some("")),
            ("\"/a b.png\" | relative_url", Some("/a b.png")),
            ("'a.png' | prepend: site.baseurl | absolute_url", Some("/a.png")),
            ("\"text\"", None),
            ("\"text\" | upcase", None),
            ("page.title", None),
        ] {
            assert_eq!(output(expression).as_deref(), value, "{expression}");
        }
    }
}
