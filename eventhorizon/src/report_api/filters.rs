use horizon_core::{
    Slug,
    reports::{Dimension, Filter, FilterOperator},
};
use serde_json::Value;

use super::{invalid, named_dimension::NamedDimension, unknown_name};
use crate::Problem;

/// The operators that compare a dimension with values.
const OPERATORS: [(&str, FilterOperator); 4] = [
    ("is", FilterOperator::Is),
    ("is_not", FilterOperator::IsNot),
    ("contains", FilterOperator::Contains),
    ("contains_not", FilterOperator::ContainsNot),
];

/// The operator that combines filters.
const AND: &str = "and";

/// Returns the filters of a query, all of which must hold. `and` is flattened.
pub(super) fn parse(filters: &[Value]) -> Result<Vec<Filter>, Problem> {
    let mut parsed = Vec::new();
    add_all(filters, "filters", &mut parsed)?;
    Ok(parsed)
}

fn add_all(filters: &[Value], path: &str, parsed: &mut Vec<Filter>) -> Result<(), Problem> {
    for (index, filter) in filters.iter().enumerate() {
        add(filter, &format!("{path}[{index}]"), parsed)?;
    }
    Ok(())
}

/// Adds a filter, or those that `and` combines. The JSON parser limits how deep they are nested.
fn add(filter: &Value, path: &str, parsed: &mut Vec<Filter>) -> Result<(), Problem> {
    let shape = || {
        invalid(
            path,
            "must be an operator, a dimension and values, such as `[\"is\", \"visit:source\", [\"google\"]]`.",
        )
    };
    let parts = filter.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some((Value::String(name), parts)) = parts.split_first() else {
        return Err(shape());
    };
    if name == AND {
        let [Value::Array(filters)] = parts else {
            return Err(invalid(path, "must be `and` and a list of filters."));
        };
        return add_all(filters, &format!("{path}[1]"), parsed);
    }
    let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| known == name) else {
        let known = OPERATORS.map(|(name, _)| name);
        return Err(unknown_name(format!("{path}[0]"), name, &[&known[..], &[AND]].concat()));
    };
    let (Value::String(dimension), Value::Array(values)) = (match parts {
        [dimension, values] => (dimension, values),
        [dimension, values, modifiers] => {
            check_modifiers(modifiers, path)?;
            (dimension, values)
        }
        _ => return Err(shape()),
    }) else {
        return Err(shape());
    };
    let Some(NamedDimension { dimension, .. }) = NamedDimension::parse(dimension) else {
        let names = NamedDimension::names();
        return Err(unknown_name(format!("{path}[1]"), dimension, &names));
    };
    let values = values.iter().enumerate().map(|(index, value)| {
        text(value, dimension, *operator)
            .ok_or_else(|| invalid(format!("{path}[2][{index}]"), "must be a string or an integer."))
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    parsed.push(Filter::new(dimension, *operator, values));
    Ok(())
}

/// Checks the fourth part of a filter: comparisons distinguish upper and lower case.
fn check_modifiers(modifiers: &Value, path: &str) -> Result<(), Problem> {
    let known = modifiers.as_object().is_some_and(|modifiers| {
        let mut modifiers = modifiers.iter();
        modifiers.all(|(name, value)| name == "case_sensitive" && *value == Value::Bool(true))
    });
    if known {
        return Ok(());
    }
    Err(invalid(
        format!("{path}[3]"),
        "must be `{\"case_sensitive\": true}` or missing. Values are in lower case, except pages, events and \
         countries.",
    ))
}

/// Returns a value as text. For pages, a URL path is the name of its page.
fn text(value: &Value, dimension: Dimension, operator: FilterOperator) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_i64()?.to_string(),
        _ => return None,
    };
    let is_page = matches!(dimension, Dimension::Page | Dimension::EntryPage | Dimension::ExitPage);
    let is_whole = matches!(operator, FilterOperator::Is | FilterOperator::IsNot);
    if is_page
        && is_whole
        && text.starts_with('/')
        && let Ok(page) = Slug::from_path(&text)
    {
        return Some(page.as_str().to_owned());
    }
    Some(text)
}
