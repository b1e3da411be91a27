//! Likes, comments and their forms without scripts.

use horizon_app::{PostPage, View};
use horizon_core::{Badge, EventId};

use super::{
    html,
    sample::{hello, post},
};

#[test]
fn likes_and_comments_are_forms_that_work_without_a_script() {
    let html = html(&hello());
    for part in [
        r#"method="post" action="/horizon/likes/hello""#,
        r#"<input type="hidden" name="liked" value="false""#,
        r#"data-horizon="like" aria-pressed="true""#,
        r#"method="post" action="/horizon/comments/hello" data-horizon="comment-form""#,
        r#"name="id" value="00000000000000000000000000000004""#,
        r#"name="back" value="/blog/hello""#,
        r#"name="website" tabindex="-1" autocomplete="off""#,
        r##"href="?reply=00000000000000000000000000000001#eh-comment-form""##,
        r#"href="/blog/hello?before=00000000000000000000000000000001#comments""#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_reply_takes_no_reply() {
    let html = html(&hello());
    let (_, reply) = html
        .split_once(r#"id="comment-00000000000000000000000000000002""#)
        .unwrap();
    let (reply, _) = reply.split_once("</article>").unwrap();
    assert!(reply.contains("Answer.") && !reply.contains("?reply="), "{reply}");
}

#[test]
fn the_form_of_a_reply_names_the_comment() {
    let mut page = post("Hello", "Ada");
    page.reply_to = Some(EventId::from_u128(1));
    let answered = html(&View::Post(Box::new(page.clone())));
    assert!(
        answered.contains(r#"name="parent" value="00000000000000000000000000000001""#),
        "{answered}"
    );
    page.reply_to = Some(EventId::from_u128(77));
    let unknown = html(&View::Post(Box::new(page)));
    assert!(unknown.contains(r#"name="parent" value="""#), "{unknown}");
}

#[test]
fn a_comment_shows_the_badge_of_its_author() {
    let mut page = post("Hello", "Ada");
    page.comments.threads[0].comment.badge = Some(Badge::new("<Author>").unwrap());
    let html = html(&View::Post(Box::new(page)));
    let (_, list) = html.split_once("comment-list").unwrap();
    let (list, template) = list.split_once("<template").unwrap();
    let badge = "<bdi data-badge class=\"badge\">";
    assert_eq!(list.matches(badge).count(), 1, "{list}");
    assert!(list.contains(&format!("{badge}&lt;Author&gt;</bdi>")), "{list}");
    assert_eq!(template.matches(badge).count(), 1, "for the browser");
}

#[test]
fn a_removed_comment_keeps_its_place_and_takes_no_reply() {
    let mut page = post("Hello", "");
    page.comments.threads[0].comment.removed = true;
    page.comments.threads[0].comment.html = String::new();
    let html = html(&View::Post(Box::new(page)));
    let (_, list) = html.split_once("comment-list").unwrap();
    let (list, _) = list.split_once("<template").unwrap();
    assert!(
        list.contains("This comment was removed.") && list.contains("Answer."),
        "{list}"
    );
    assert!(!list.contains("?reply="), "{list}");
}

#[test]
fn without_a_script_a_link_leads_to_more_replies_and_back_to_the_newest_comments() {
    let list = |page: PostPage| {
        let html = html(&View::Post(Box::new(page)));
        let (_, list) = html.split_once("comment-list").unwrap();
        // The template also has a link, for the browser.
        let (list, rest) = list.split_once("<template").unwrap();
        let (_, rest) = rest.split_once("</template>").unwrap();
        list.to_owned() + rest
    };
    let mut page = post("Hello", "Ada");
    let whole = list(page.clone());
    assert!(
        !whole.contains("More replies") && !whole.contains("Newest comments"),
        "{whole}"
    );
    page.comments.threads[0].has_more_replies = true;
    page.is_one_thread = true;
    let part = list(page.clone());
    let (head, reply) = (EventId::from_u128(1), EventId::from_u128(2));
    let href = format!("/blog/hello?thread={head}&amp;after={reply}#comments");
    assert!(part.contains(&href) && part.contains("Newest comments"), "{part}");
    page.comments.threads[0].replies.clear();
    let bare = list(page);
    assert!(bare.contains(&format!("/blog/hello?thread={head}#comments")), "{bare}");
}

#[test]
fn without_a_script_the_page_says_that_a_comment_is_pending() {
    let mut page = post("Hello", "Ada");
    page.is_pending = true;
    let html = html(&View::Post(Box::new(page)));
    let (_, status) = html.split_once(r#"data-horizon="form-status""#).unwrap();
    let (status, _) = status.split_once("</p>").unwrap();
    assert!(
        status.contains("role=\"status\"") && status.contains("after a moderator approves it"),
        "{status}"
    );
}
