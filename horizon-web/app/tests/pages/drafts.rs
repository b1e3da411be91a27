//! Posts and pages that are shown only because of `--drafts`.

use std::sync::Arc;

use horizon_app::{PostCard, View};

use crate::{
    html,
    sample::{blog_index, hello, library, post},
};

#[test]
fn a_draft_has_a_mark_and_is_not_indexed() {
    let mark = "<strong class=\"draft\">Draft</strong>";
    let mut page = post("Hello", "Ada");
    Arc::make_mut(&mut page.post).draft = true;
    let card = View::Blog(blog_index(vec![PostCard {
        post: page.post.clone(),
        stats: None,
        passage: None,
    }]));
    let mut about = library("Title", "Text.").page("about").unwrap().clone();
    Arc::make_mut(&mut about).draft = true;
    for draft in [html(&View::Post(Box::new(page))), html(&View::Page(about))] {
        assert!(
            draft.contains(mark) && draft.contains("<meta name=\"robots\" content=\"noindex\""),
            "{draft}"
        );
        for absent in ["rel=\"canonical\"", "og:url", "application/ld+json"] {
            assert!(!draft.contains(absent), "{absent} is in {draft}");
        }
    }
    let card = html(&card);
    assert!(card.contains(mark) && !card.contains("noindex"), "{card}");
    let public = html(&hello());
    assert!(!public.contains(mark) && !public.contains("noindex"), "{public}");
}
