//! Requests to the routes under [`BASE`](super::live::BASE).

use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use super::{dom, js};

pub(crate) struct ApiResponse {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body as JSON; `undefined` if it is not JSON.
    pub(crate) body: JsValue,
}

impl ApiResponse {
    /// Returns the error as a sentence for the reader.
    pub(crate) fn error_message(response: Option<&Self>) -> String {
        let message = response.and_then(|response| {
            let detail = js::text(&response.body, "detail").or_else(|| js::text(&response.body, "title"))?;
            // The detail about a field continues a sentence that starts with the name of the field.
            Some(match js::text(&response.body, "field").as_deref() {
                Some("body") => String::from("The comment ") + &detail,
                Some("author") => String::from("The name ") + &detail,
                _ => detail,
            })
        });
        message.unwrap_or_else(|| "The server could not be reached. Please try again.".into())
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
