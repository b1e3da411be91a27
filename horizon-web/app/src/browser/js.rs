//! Values of JavaScript: what came as JSON, and what goes out as it.

use wasm_bindgen::{JsCast, JsValue};

/// Reads JSON; `undefined` if it is none.
pub(crate) fn parse(json: &str) -> JsValue {
    js_sys::JSON::parse(json).unwrap_or(JsValue::UNDEFINED)
}

/// Writes an object of texts as JSON.
pub(crate) fn object(fields: &[(&str, &str)]) -> String {
    let object = js_sys::Object::new();
    for (name, text) in fields {
        set(&object, name, &JsValue::from_str(text));
    }
    js_sys::JSON::stringify(&object).map(String::from).unwrap_or_default()
}

/// A property; `undefined` if there is none.
pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property. A value that takes none stays as it is.
pub(crate) fn set(value: &JsValue, name: &str, to: &JsValue) {
    let _ = js_sys::Reflect::set(value, &JsValue::from_str(name), to);
}

/// A property that is text; nothing if it is missing, not text, or empty.
pub(crate) fn text(value: &JsValue, name: &str) -> Option<String> {
    get(value, name).as_string().filter(|text| !text.is_empty())
}

/// A property that is a number of something.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of JavaScript is a float; the cast takes what fits"
)]
pub(crate) fn count(value: &JsValue, name: &str) -> u64 {
    get(value, name).as_f64().unwrap_or_default() as u64
}

/// A property that is a moment, in milliseconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number of JavaScript is a float; the cast takes what fits"
)]
pub(crate) fn millis(value: &JsValue, name: &str) -> i64 {
    get(value, name).as_f64().unwrap_or_default() as i64
}

/// The items of an array; none if it is not one.
pub(crate) fn items(value: &JsValue) -> impl Iterator<Item = JsValue> + use<> {
    value.dyn_ref::<js_sys::Array>().cloned().into_iter().flatten()
}

/// This browser's clock, in milliseconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number of JavaScript is a float; the cast takes what fits"
)]
pub(crate) fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// A fresh id for an event: a UUID of version 7 without hyphens, as `horizon_core::EventId` reads it.
pub(crate) fn fresh_id() -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 16];
    if let Ok(crypto) = super::dom::window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    let mut bits = u128::from_be_bytes(bytes) & 0x0fff_3fff_ffff_ffff_ffff;
    bits |= u128::from(now().unsigned_abs() & 0xffff_ffff_ffff) << 80 | 7 << 76 | 0b10 << 62;
    let mut id = String::with_capacity(32);
    for place in (0..32).rev() {
        let digit = usize::try_from(bits >> (4 * place) & 15).unwrap_or(0);
        id.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'0')));
    }
    id
}
