use horizon_core::reports::{Dimension, Filter, FilterOperator};

/// The operators as text. A longer one comes before those that it starts or ends with.
const OPERATORS: [(&str, FilterOperator); 4] = [
    ("!=", FilterOperator::IsNot),
    ("!~", FilterOperator::ContainsNot),
    ("=", FilterOperator::Is),
    ("~", FilterOperator::Contains),
];

/// Parses a filter such as `page=hello`, `source!=google,bing` or `page~docs/`.
///
/// # Errors
/// The operator is missing, or the dimension is unknown.
pub(super) fn parse_filter(text: &str) -> Result<Filter, String> {
    let found = OPERATORS
        .iter()
        .filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)));
    // If two operators match at the same position, the earlier one in the list applies.
    let Some((at, sign, operator)) = found.min_by_key(|(at, ..)| *at) else {
        return Err("a filter is a dimension, `=`, `!=`, `~` or `!~`, and values, such as `source=google,bing`".into());
    };
    let (name, rest) = text.split_at(at);
    let dimension: Dimension = name.trim().parse().map_err(|error| format!("{error}"))?;
    let values = rest.get(sign.len()..).unwrap_or_default();
    Ok(Filter::new(dimension, operator, values.split(',')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_a_dimension_an_operator_and_values() {
        for (text, expected) in [
            (
                "source=google,bing",
                Filter::new(Dimension::Source, FilterOperator::Is, ["google", "bing"]),
            ),
            (
                "page!=a=b",
                Filter::new(Dimension::Page, FilterOperator::IsNot, ["a=b"]),
            ),
            (
                "page~docs/",
                Filter::new(Dimension::Page, FilterOperator::Contains, ["docs/"]),
            ),
            (
                "page!~x",
                Filter::new(Dimension::Page, FilterOperator::ContainsNot, ["x"]),
            ),
            ("country=", Filter::new(Dimension::Country, FilterOperator::Is, [""])),
        ] {
            assert_eq!(parse_filter(text), Ok(expected), "{text}");
        }
        for wrong in ["", "google", "sauce=google"] {
            assert!(parse_filter(wrong).is_err(), "{wrong}");
        }
    }
}
