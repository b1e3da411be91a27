//! Requests to the routes under [`BASE`](super::live::BASE).

use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, RequestInit, Response};

use super::{dom, js};

pub(crate) struct ApiResponse {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body as JSON; `undefined` if it is not JSON.
    pub(crate) body: JsValue,
}

impl ApiResponse {
    /// Returns the error as a sentence for the reader: that of `form` about the rejected field, or else one of the
    /// page.
    pub(crate) fn error_message(response: Option<&Self>, form: Option<&Element>) -> String {
        let field = response.and_then(|response| js::text(&response.body, "field"));
        let about_field = field
            .zip(form)
            .map(|(field, form)| dom::attribute(form, &["data-field-", &field].concat()));
        about_field.filter(|sentence| !sentence.is_empty()).unwrap_or_else(|| {
            let name = match response.map(|response| response.status) {
                None => "data-offline",
                Some(403) => "data-forbidden",
                Some(429) => "data-too-many",
                Some(_) => "data-server",
            };
            dom::find("main")
                .map(|page| dom::attribute(&page, name))
                .unwrap_or_default()
        })
    }
}

/// Sends a request. Returns `None` if there was no response.
pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Option<ApiResponse> {
    let fields = Object::new();
    for (name, text) in headers {
        js::set(&fields, name, &JsValue::from_str(text));
    }
    let request = RequestInit::new();
    request.set_method(method);
    request.set_headers(&fields);
    if let Some(body) = body {
        request.set_body(&JsValue::from_str(body));
    }
    let sent = dom::window().fetch_with_str_and_init(url, &request);
    let response: Response = JsFuture::from(sent).await.ok()?.dyn_into().ok()?;
    let status = response.status();
    let body = match response.json() {
        Ok(json) => JsFuture::from(json).await.unwrap_or(JsValue::UNDEFINED),
        Err(_) => JsValue::UNDEFINED,
    };
    Some(ApiResponse { status, body })
}
