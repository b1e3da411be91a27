//! The page behind a plain form that was not answered in time: it has the form again.

use http::{Response, header};

use super::{Content, answer};
use crate::{NewComment, Problem, ProblemKind, render};

/// What the page may do: send its form to this site. The path of the form is the one it was sent to.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A form as it was sent.
pub(super) struct Resend {
    /// What was sent: a like, a comment.
    what: &'static str,
    /// The fields that do not show, with their values.
    hidden: Vec<(&'static str, String)>,
    /// The text of a comment.
    body: Option<String>,
    /// The page that the form was on.
    back: String,
}

impl Resend {
    /// The form of a like, or of taking it back.
    pub(super) fn of_like(liked: bool, id: Option<String>, back: &str) -> Self {
        let hidden = [("liked", Some(liked.to_string())), ("id", id)];
        Self {
            what: "like",
            ..Self::new(hidden, back)
        }
    }

    /// The form of a comment.
    pub(super) fn of_comment(new: &NewComment, back: &str) -> Self {
        let NewComment {
            id,
            body,
            author,
            parent,
            ..
        } = new.clone();
        Self {
            what: "comment",
            body,
            ..Self::new([("id", id), ("author", author), ("parent", parent)], back)
        }
    }

    fn new<const N: usize>(hidden: [(&'static str, Option<String>); N], back: &str) -> Self {
        let hidden = hidden.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self {
            what: "",
            hidden: hidden.chain([("back", back.to_owned())]).collect(),
            body: None,
            back: back.to_owned(),
        }
    }

    /// Answers that the form was not taken, or that nobody knows whether it was, with the form to send again. Other
    /// problems than those that pass by themselves stay problems.
    pub(super) fn answer(&self, problem: Problem) -> super::Answer {
        let Some(seconds) = problem.retry_after() else {
            return Err(problem);
        };
        let mut answer = Response::new(Content::Bytes(self.page(&problem).into()));
        *answer.status_mut() = problem.status();
        answer::set(&mut answer, header::CONTENT_TYPE, "text/html; charset=utf-8");
        answer::set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        Ok(answer)
    }

    fn page(&self, problem: &Problem) -> String {
        let what = self.what;
        let (title, sentence) = match problem.kind() {
            ProblemKind::Unavailable => (
                "Not confirmed yet".to_owned(),
                format!("It is not known yet whether your {what} was taken. Send it again: it counts only once."),
            ),
            _ => (
                format!("Your {what} was not taken"),
                format!("{problem} Send it again later."),
            ),
        };
        let (title, sentence) = (render::escape(&title), render::escape(&sentence));
        let hidden: String = self
            .hidden
            .iter()
            .map(|(name, value)| {
                let value = render::escape(value);
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
            })
            .collect();
        // A parser drops the first line feed of a text area. A text that was changed would be another comment, which
        // this id may not name.
        let body = self.body.as_ref().map_or_else(String::new, |body| {
            let body = render::escape(body);
            format!(
                "<p><label for=\"body\">Your comment</label></p>\
                 <p><textarea id=\"body\" name=\"body\" rows=\"10\" cols=\"60\" readonly>\n{body}</textarea></p>"
            )
        });
        let back = render::escape(&self.back);
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><h1>{title}</h1><p>{sentence}</p><form method=\"post\">{hidden}{body}\
             <p><button type=\"submit\">Send again</button></p></form><p><a href=\"{back}\">Back to the page</a></p></html>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sent_is_in_the_form_again_and_escaped() {
        let mut new = NewComment::new("A\"da", "\n<script>alert(1)</script></textarea>");
        new.id = Some("019ab4f0c1d27a3c8e5f6071829304a6".into());
        let page = Resend::of_comment(&new, "/blog/a?x=1&y=2").page(&Problem::unavailable(""));
        for part in [
            "readonly>\n\n&lt;script&gt;alert(1)&lt;/script&gt;&lt;/textarea&gt;</textarea>",
            "name=\"author\" value=\"A&quot;da\"",
            "name=\"id\" value=\"019ab4f0c1d27a3c8e5f6071829304a6\"",
            "href=\"/blog/a?x=1&amp;y=2\"",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("name=\"parent\""), "{page}");
    }

    #[test]
    fn a_mistake_of_the_reader_is_no_reason_to_send_the_same_again() {
        let problem = Problem::field("body", "is empty.");
        let kept = Resend::of_like(true, None, "/").answer(problem).unwrap_err();
        assert_eq!(kept.kind(), ProblemKind::InvalidField);
    }
}
