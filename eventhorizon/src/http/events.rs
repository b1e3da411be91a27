use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use super::{
    Handler, HandlerResult,
    parse::{self, BodyKind},
    response,
    retry_form::RetryForm,
};
use crate::{CustomEvent, ExistingPage, Problem};

/// The start of the names of a plain form's fields that are properties. Other fields, such as the token of a framework,
/// are ignored.
const PROPERTY_PREFIX: &str = "prop-";

/// The JSON body.
#[derive(Deserialize)]
struct EventBody {
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    properties: PropertyList,
}

/// The properties in their order. A map would silently drop all but the last of those with the same key.
#[derive(Default)]
struct PropertyList(Vec<(String, PropertyValue)>);

/// The text of a string, number or boolean.
struct PropertyValue(String);

impl Handler<'_> {
    /// `/events`, `/events/{slug}`
    pub(super) async fn events(&self, page: Option<&str>) -> HandlerResult {
        let page = match page {
            Some(page) => Some(self.page(page).await?),
            None => None,
        };
        let (headers, body) = (self.caller.headers(), &self.body);
        match parse::body_kind(headers)? {
            BodyKind::Json => {
                let body: EventBody = parse::json_body(body)?;
                let key = parse::id("id", body.id.as_deref())?.or(parse::idempotency_key(headers)?);
                let event = body.into_event()?.idempotency_key(key);
                let tracked = self
                    .horizon
                    .track_until(page.as_ref(), self.caller, event, self.deadline);
                response::json(&tracked.await?)
            }
            BodyKind::Form => self.event_by_form(page.as_ref(), parse::form_body(body)?).await,
        }
    }

    /// Handles a plain form, and redirects back to its page.
    async fn event_by_form(&self, page: Option<&ExistingPage>, fields: Vec<(String, String)>) -> HandlerResult {
        let value = |name| {
            fields
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        let back = parse::back(value("back"))?;
        let key = parse::id("id", value("id"))?.or(parse::idempotency_key(self.caller.headers())?);
        let key = key.or_else(|| self.new_id());
        let mut event = CustomEvent::new(value("name").unwrap_or_default())?;
        for (key, value) in &fields {
            if let Some(key) = key.strip_prefix(PROPERTY_PREFIX) {
                event = event.property(key, value)?;
            }
        }
        let retry_form = RetryForm::event(&event, PROPERTY_PREFIX, key, &back);
        let event = event.idempotency_key(key);
        let tracked = self.horizon.track_until(page, self.caller, event, self.deadline);
        match tracked.await {
            Ok(_) => Ok(response::see_other(&back)),
            Err(problem) if self.wants_page() => retry_form.response(problem),
            Err(problem) => Err(problem),
        }
    }
}

impl EventBody {
    fn into_event(self) -> Result<CustomEvent, Problem> {
        let event = CustomEvent::new(&self.name.unwrap_or_default())?;
        let mut properties = self.properties.0.into_iter();
        properties.try_fold(event, |event, (key, PropertyValue(value))| event.property(key, value))
    }
}

impl<'de> Deserialize<'de> for PropertyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PropertyListVisitor)
    }
}

struct PropertyListVisitor;

impl<'de> Visitor<'de> for PropertyListVisitor {
    type Value = PropertyList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PropertyList, A::Error> {
        let mut properties = Vec::new();
        while let Some(property) = map.next_entry()? {
            properties.push(property);
        }
        Ok(PropertyList(properties))
    }
}

impl<'de> Deserialize<'de> for PropertyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertyVisitor)
    }
}

struct PropertyVisitor;

impl Visitor<'_> for PropertyVisitor {
    type Value = PropertyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(serde_json::Value::from(value).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_property_is_an_error() {
        let body = serde_json::from_str::<EventBody>(r#"{"name":"order","properties":{"a":1,"a":2}}"#).unwrap();
        let problem = body.into_event().unwrap_err();
        assert!(problem.to_json().contains("has the key `a` twice"), "{problem}");
    }

    #[test]
    fn property_values_are_strings_numbers_and_booleans() {
        let json = r#"{"a":"x","b":-1,"c":1.50,"d":1e300,"e":true}"#;
        let PropertyList(properties) = serde_json::from_str(json).unwrap();
        let texts: Vec<_> = properties.iter().map(|(_, value)| value.0.as_str()).collect();
        assert_eq!(texts, ["x", "-1", "1.5", "1e+300", "true"]);
        for json in ["null", "[]", "{}"] {
            let error = serde_json::from_str::<PropertyValue>(json)
                .map(|value| value.0)
                .unwrap_err();
            assert!(
                error.to_string().contains("expected a string, a number or a boolean"),
                "{error}"
            );
        }
    }
}
