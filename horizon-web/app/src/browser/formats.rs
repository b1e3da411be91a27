//! Numbers, plural forms, dates and ages in the language of the interface: `formats.js`.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;

// `cargo xtask bundle` adds the module to the script of the bundle.
#[wasm_bindgen(module = "horizon-formats")]
extern "C" {
    #[wasm_bindgen(js_name = formatNumber)]
    pub(crate) fn number(number: f64) -> String;

    /// Returns the plural form for the number that the element has; `#` stands for the number.
    #[wasm_bindgen(js_name = pluralForm)]
    pub(crate) fn plural(element: &Element, number: f64) -> String;

    /// Formats milliseconds since the Unix epoch.
    #[wasm_bindgen(js_name = formatTime)]
    pub(crate) fn time(millis: f64) -> String;

    /// Formats milliseconds since the Unix epoch for the attribute `datetime`.
    #[wasm_bindgen(js_name = isoTime)]
    pub(crate) fn iso_time(millis: f64) -> String;

    /// Formats the time since these milliseconds after the Unix epoch, or for more than 30 days the date.
    #[wasm_bindgen(js_name = formatAge)]
    pub(crate) fn age(millis: f64) -> String;
}
