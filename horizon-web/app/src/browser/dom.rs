//! The few things the islands ask of the document.

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

/// The page's window.
pub(crate) fn window() -> Window {
    WINDOW.with(Window::clone)
}

/// The page.
pub(crate) fn document() -> Document {
    DOCUMENT.with(Document::clone)
}

/// The first element of the page that matches.
pub(crate) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// The first element inside that matches.
pub(crate) fn within(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok().flatten()
}

/// Does something with each element inside that matches.
pub(crate) fn each(root: &Element, selector: &str, mut act: impl FnMut(Element)) {
    let found: Result<NodeList, _> = root.query_selector_all(selector);
    let Ok(found) = found else { return };
    for place in 0..found.length() {
        if let Some(element) = found.item(place).and_then(|node| node.dyn_into().ok()) {
            act(element);
        }
    }
}

/// Writes the text, unless it says so already: what does not change need not be painted.
pub(crate) fn write(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Sets an attribute.
pub(crate) fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

/// Sets an attribute without a value, or takes it away.
pub(crate) fn toggle(element: &Element, name: &str, on: bool) {
    let _ = element.toggle_attribute_with_force(name, on);
}

/// What is typed into a field.
pub(crate) fn value(field: &Element) -> String {
    js::get(field, "value").as_string().unwrap_or_default()
}

/// Puts text into a field.
pub(crate) fn fill(field: &Element, text: &str) {
    js::set(field, "value", &JsValue::from_str(text));
}

/// Moves the keyboard to the element, and the page with it.
pub(crate) fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Calls `act` on every such event, as long as the page lives.
pub(crate) fn on(target: &EventTarget, event: &str, mut act: impl FnMut(Event) + 'static) {
    let act = callback(Box::new(move |event| act(event.unchecked_into())));
    let _ = target.add_event_listener_with_callback(event, &act);
}

/// Calls `act` again and again, as long as the page lives.
pub(crate) fn every(period: Duration, mut act: impl FnMut() + 'static) {
    let act = callback(Box::new(move |_| act()));
    let period = i32::try_from(period.as_millis()).unwrap_or(i32::MAX);
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(&act, period);
}

/// A function for the browser, which it may call for good. All have one type: each further one would be
/// code to download.
pub(crate) fn callback(act: Box<dyn FnMut(JsValue)>) -> Function {
    let act = Closure::wrap(act);
    let function = act.as_ref().unchecked_ref::<Function>().clone();
    act.forget();
    function
}

/// The element that matches, at or above what the event happened to.
pub(crate) fn target(event: &Event, selector: &str) -> Option<Element> {
    let element: Element = event.target()?.dyn_into().ok()?;
    element.closest(selector).ok().flatten()
}
