//! Helpers for JavaScript values and JSON.

use wasm_bindgen::{JsCast, JsValue};

/// Returns the JSON of an object of strings.
pub(crate) fn object(fields: &[(&str, &str)]) -> String {
    let object = js_sys::Object::new();
    for (name, text) in fields {
        set(&object, name, &JsValue::from_str(text));
    }
    js_sys::JSON::stringify(&object).map(String::from).unwrap_or_default()
}

/// Returns a property, or `undefined`.
pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property. Ignores errors.
pub(crate) fn set(value: &JsValue, name: &str, to: &JsValue) {
    let _ = js_sys::Reflect::set(value, &JsValue::from_str(name), to);
}

/// Returns a property that is a non-empty string.
pub(crate) fn text(value: &JsValue, name: &str) -> Option<String> {
    get(value, name).as_string().filter(|text| !text.is_empty())
}

/// Returns a property that is an unsigned integer, or 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JavaScript numbers are floats"
)]
pub(crate) fn count(value: &JsValue, name: &str) -> u64 {
    get(value, name).as_f64().unwrap_or_default() as u64
}

/// Returns a property in milliseconds since the Unix epoch, or 0.
#[expect(clippy::cast_possible_truncation, reason = "JavaScript numbers are floats")]
pub(crate) fn millis(value: &JsValue, name: &str) -> i64 {
    get(value, name).as_f64().unwrap_or_default() as i64
}

/// Returns a number as JavaScript has it. Rust code that parses or prints floats would increase the download.
#[expect(clippy::cast_precision_loss, reason = "JavaScript numbers are floats")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

/// Returns the items of an array. For other values the iterator is empty.
pub(crate) fn items(value: &JsValue) -> impl Iterator<Item = JsValue> + use<> {
    value.dyn_ref::<js_sys::Array>().cloned().into_iter().flatten()
}

/// Returns the time in milliseconds since the Unix epoch.
#[expect(clippy::cast_possible_truncation, reason = "JavaScript numbers are floats")]
pub(crate) fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// Returns a new event id: a UUID of version 7 without hyphens, as `horizon_core::EventId` parses it.
pub(crate) fn fresh_id() -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 16];
    if let Ok(crypto) = super::dom::window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    let mut bits = u128::from_be_bytes(bytes) & 0x0fff_3fff_ffff_ffff_ffff;
    bits |= u128::from(now().unsigned_abs() & 0xffff_ffff_ffff) << 80 | 7 << 76 | 0b10 << 62;
    let mut id = String::with_capacity(32);
    for position in (0..32).rev() {
        let digit = usize::try_from(bits >> (4 * position) & 15).unwrap_or(0);
        id.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'0')));
    }
    id
}
