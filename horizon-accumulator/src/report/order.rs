use horizon_core::reports::{Dimension, Direction, Metric, OrderBy};

/// Parses an order such as `visitors`, `visitors:asc` or `page:desc`. By default the highest metric is the first, and
/// the lowest dimension.
///
/// # Errors
/// The name is neither a metric nor a dimension, or the direction is unknown.
pub(super) fn parse_order(text: &str) -> Result<(OrderBy, Direction), String> {
    let (name, direction) = match text.split_once(':') {
        Some((name, "asc")) => (name, Some(Direction::Ascending)),
        Some((name, "desc")) => (name, Some(Direction::Descending)),
        Some(_) => return Err("a direction is `asc` or `desc`, as in `visitors:asc`".into()),
        None => (text, None),
    };
    if let Ok(metric) = name.parse::<Metric>() {
        return Ok((OrderBy::Metric(metric), direction.unwrap_or(Direction::Descending)));
    }
    match name.parse::<Dimension>() {
        Ok(dimension) => Ok((OrderBy::Dimension(dimension), direction.unwrap_or(Direction::Ascending))),
        Err(_) => Err("an order is a metric or a dimension of the report, such as `visitors` or `page`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_descend_and_dimensions_ascend_unless_the_order_says_otherwise() {
        let visitors = OrderBy::Metric(Metric::Visitors);
        let page = OrderBy::Dimension(Dimension::Page);
        assert_eq!(parse_order("visitors"), Ok((visitors, Direction::Descending)));
        assert_eq!(parse_order("visitors:asc"), Ok((visitors, Direction::Ascending)));
        assert_eq!(parse_order("page"), Ok((page, Direction::Ascending)));
        assert_eq!(parse_order("page:desc"), Ok((page, Direction::Descending)));
        for wrong in ["", "sauce", "page:up"] {
            assert!(parse_order(wrong).is_err(), "{wrong}");
        }
    }
}
