//! The page for a plain form that was not processed in time. It contains the form again.

use std::borrow::Cow;

use horizon_core::EventId;
use http::header;

use super::{HandlerResult, response};
#[cfg(feature = "comments")]
use crate::NewComment;
use crate::{CustomEvent, Problem, ProblemKind, escape::escape};

/// The content security policy of the page: it may only send its form to this site.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A form with the values that the reader sent.
pub(super) struct RetryForm {
    /// `like`, `comment` or `event`.
    noun: &'static str,
    hidden: Vec<(Cow<'static, str>, String)>,
    /// The text of a comment.
    body: Option<String>,
    /// The page that the form was on.
    back: String,
}

impl RetryForm {
    pub(super) fn like(liked: bool, id: Option<EventId>, back: &str) -> Self {
        let fields = [("liked", Some(liked.to_string())), ("id", id.map(|id| id.to_string()))];
        Self::new("like", fields, None, back)
    }

    #[cfg(feature = "comments")]
    pub(super) fn comment(new: &NewComment, back: &str) -> Self {
        let author = (!new.author.is_empty()).then(|| new.author.clone());
        let [id, parent] = [new.id, new.parent].map(|id| id.map(|id| id.to_string()));
        let fields = [("id", id), ("author", author), ("parent", parent)];
        Self::new("comment", fields, Some(new.body.clone()), back)
    }

    /// `prefix` is that of the names of properties.
    pub(super) fn event(event: &CustomEvent, prefix: &str, id: Option<EventId>, back: &str) -> Self {
        let fields = [
            ("name", Some(event.name().to_string())),
            ("id", id.map(|id| id.to_string())),
        ];
        let mut form = Self::new("event", fields, None, back);
        let properties = event.properties().iter();
        form.hidden
            .extend(properties.map(|(key, value)| (format!("{prefix}{key}").into(), value.to_owned())));
        form
    }

    fn new<const N: usize>(
        noun: &'static str,
        fields: [(&'static str, Option<String>); N],
        body: Option<String>,
        back: &str,
    ) -> Self {
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), value?)));
        Self {
            noun,
            hidden: fields.chain([("back".into(), back.to_owned())]).collect(),
            body,
            back: back.to_owned(),
        }
    }

    /// Returns the page for a problem that a retry may solve. Other problems remain problems.
    pub(super) fn response(&self, problem: Problem) -> HandlerResult {
        let Some(seconds) = problem.retry_after() else {
            return Err(problem);
        };
        let mut response = response::html(problem.status(), self.page(&problem));
        response::set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
        response::add_vary(&mut response, "accept");
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        Ok(response)
    }

    fn page(&self, problem: &Problem) -> String {
        let noun = self.noun;
        let (title, sentence) = match problem.kind() {
            ProblemKind::Unavailable => (
                "Not confirmed yet".to_owned(),
                format!("The site did not confirm your {noun} in time. Send it again: it counts only once."),
            ),
            _ => (
                format!("Your {noun} was not accepted"),
                format!("{problem} Send it again later."),
            ),
        };
        let (title, sentence) = (escape(&title), escape(&sentence));
        let hidden: String = self
            .hidden
            .iter()
            .map(|(name, value)| {
                let (name, value) = (escape(name), escape(value));
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
            })
            .collect();
        // HTML parsers drop the first line feed of a text area. Without the extra one the text would change, and a
        // comment with the same id and another text is rejected.
        let body = self.body.as_ref().map_or_else(String::new, |body| {
            let body = escape(body);
            format!(
                "<p><label for=\"body\">Your comment</label></p>\
                 <p><textarea id=\"body\" name=\"body\" rows=\"10\" cols=\"60\" readonly>\n{body}</textarea></p>"
            )
        });
        let back = escape(&self.back);
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><h1>{title}</h1>\
             <p>{sentence}</p><form method=\"post\">{hidden}{body}<p><button type=\"submit\">Send again</button></p>\
             </form><p><a href=\"{back}\">Back to the page</a></p></html>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retry_form_contains_the_escaped_input() {
        let mut new = NewComment::new("A\"da", "\n<script>alert(1)</script></textarea>");
        new.id = Some("019ab4f0c1d27a3c8e5f6071829304a6".parse().unwrap());
        let page = RetryForm::comment(&new, "/blog/a?x=1&y=2").page(&Problem::unavailable(""));
        for part in [
            "readonly>\n\n&lt;script&gt;alert(1)&lt;/script&gt;&lt;/textarea&gt;</textarea>",
            "name=\"author\" value=\"A&quot;da\"",
            "name=\"id\" value=\"019ab4f0c1d27a3c8e5f6071829304a6\"",
            "href=\"/blog/a?x=1&amp;y=2\"",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("name=\"parent\""), "{page}");
        let event = CustomEvent::new("👍")
            .and_then(|event| event.property("\"k", "<v>"))
            .unwrap();
        let page = RetryForm::event(&event, "prop-", None, "/").page(&Problem::unavailable(""));
        let property = "name=\"prop-&quot;k\" value=\"&lt;v&gt;\"";
        assert!(
            page.contains("name=\"name\" value=\"👍\"") && page.contains(property),
            "{page}"
        );
    }

    #[test]
    fn an_invalid_input_is_not_offered_for_retry() {
        let problem = Problem::invalid_field("body", "is empty.");
        let returned = RetryForm::like(true, None, "/").response(problem).unwrap_err();
        assert_eq!(returned.kind(), ProblemKind::InvalidField);
    }
}
