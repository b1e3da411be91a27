//! Requests to the routes under [`BASE`](super::live::BASE).

use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use super::{dom, js};

/// What came back.
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, read as JSON; `undefined` if it was none.
    pub(crate) body: JsValue,
}

impl Answer {
    /// What went wrong, in a sentence for the reader.
    pub(crate) fn complaint(answer: Option<&Self>) -> String {
        const UNHEARD: &str = "This did not reach the server. Nothing is lost: please try again.";
        let said = answer.and_then(|answer| {
            let detail = js::text(&answer.body, "detail").or_else(|| js::text(&answer.body, "title"))?;
            // The detail of a field is the rest of a sentence that starts with the field's name.
            Some(match js::text(&answer.body, "field").as_deref() {
                Some("body") => String::from("The comment ") + &detail,
                Some("author") => String::from("The name ") + &detail,
                _ => detail,
            })
        });
        said.unwrap_or_else(|| UNHEARD.into())
    }
}

/// Sends a request and waits for the answer; nothing if none came.
pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Option<Answer> {
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
    Some(Answer { status, body })
}
