//! Helpers for the DOM.

use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, NodeList, Window};

use super::js;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: Window;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Document;
}

pub(crate) fn window() -> Window {
    WINDOW.with(Window::clone)
}

pub(crate) fn document() -> Document {
    DOCUMENT.with(Document::clone)
}

/// Returns the first matching element of the page.
pub(crate) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Returns the first matching element in `root`.
pub(crate) fn within(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

/// Calls `act` with each matching element in `root`.
pub(crate) fn each(root: &Element, selector: &str, mut act: impl FnMut(Element)) {
    let found: Result<NodeList, _> = root.query_selector_all(selector);
    let Ok(found) = found else { return };
    for index in 0..found.length() {
        if let Some(element) = found.item(index).and_then(|node| node.dyn_into().ok()) {
            act(element);
        }
    }
}

/// Sets the text of an element unless it is the same, which avoids a repaint.
pub(crate) fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

pub(crate) fn set_attribute(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

/// Returns the value of an attribute, or an empty text.
pub(crate) fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

/// Sets or removes an attribute without a value.
pub(crate) fn toggle(element: &Element, name: &str, on: bool) {
    let _ = element.toggle_attribute_with_force(name, on);
}

/// Returns the value of a form field.
pub(crate) fn value(field: &Element) -> String {
    js::get(field, "value").as_string().unwrap_or_default()
}

/// Sets the value of a form field.
pub(crate) fn set_value(field: &Element, text: &str) {
    js::set(field, "value", &JsValue::from_str(text));
}

pub(crate) fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Calls `act` on every such event.
pub(crate) fn on(target: &EventTarget, event: &str, mut act: impl FnMut(Event) + 'static) {
    let act = callback(Box::new(move |event| act(event.unchecked_into())));
    let _ = target.add_event_listener_with_callback(event, &act);
}

/// Calls `act` periodically.
pub(crate) fn every(period: Duration, mut act: impl FnMut() + 'static) {
    let act = callback(Box::new(move |_| act()));
    let period = i32::try_from(period.as_millis()).unwrap_or(i32::MAX);
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(&act, period);
}

/// Returns a JavaScript function that is never freed. One boxed type keeps the download small.
pub(crate) fn callback(act: Box<dyn FnMut(JsValue)>) -> Function {
    let act = Closure::wrap(act);
    let function = act.as_ref().unchecked_ref::<Function>().clone();
    act.forget();
    function
}

/// Returns the closest matching ancestor of the event's target.
pub(crate) fn closest(event: &Event, selector: &str) -> Option<Element> {
    let element: Element = event.target()?.dyn_into().ok()?;
    element.closest(selector).ok().flatten()
}
