//! Follows the links of a document within the blog.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use horizon_core::Timestamp;
use percent_encoding::percent_decode_str;

use super::CheckRule;
use crate::{
    ContentFolder, Library,
    content_file::ContentFile,
    content_index::{Reference, ReferenceTarget},
    markdown::{BodyLink, BodyLinkKind},
    urls,
};

/// The ids of a page that are not in the text of a post: those of comments, of the interface, and the top.
const PAGE_IDS: [&str; 4] = ["comments", "comment-", "eh-", "top"];

/// Compares links with what the blog has.
pub(super) struct LinkChecker<'a> {
    content: &'a ContentFolder,
    library: &'a Library,
    now: Timestamp,
    /// The files, by their path in the content folder.
    files: HashMap<PathBuf, &'a ContentFile>,
}

type LinkProblem = Option<(CheckRule, String)>;

impl<'a> LinkChecker<'a> {
    pub(super) fn new(content: &'a ContentFolder, library: &'a Library, now: Timestamp) -> Self {
        let files = content.files().iter().filter_map(|file| {
            let path = file.path.strip_prefix(content.root()).ok()?;
            Some((path.to_owned(), file))
        });
        Self {
            content,
            library,
            now,
            files: files.collect(),
        }
    }

    /// Returns what is wrong with the picture above a post.
    pub(super) fn check_cover(&self, file: &ContentFile) -> LinkProblem {
        let url = &file.document.cover()?.image;
        if self.is_external(url) {
            return Some(blocked_picture(url));
        }
        let is_missing = file.document.body().index().file(url).is_none();
        is_missing.then(|| missing_picture(url))
    }

    /// Returns what is wrong with a link of the file.
    pub(super) fn check(&self, file: &ContentFile, link: &BodyLink) -> LinkProblem {
        let url = &link.url;
        let Some(reference) = &link.reference else {
            return Some((CheckRule::Scheme, format!("{url:?} has a scheme that is not allowed")));
        };
        match link.kind {
            // Rendering reports a frame of a host that is not allowed.
            BodyLinkKind::Link | BodyLinkKind::Frame => self.link(file, url, reference),
            BodyLinkKind::Image => self.image(link, reference),
        }
    }

    fn link(&self, file: &ContentFile, url: &str, reference: &Reference) -> LinkProblem {
        match &reference.target {
            ReferenceTarget::Anchor => anchor(file, url).map(|id| {
                let message = format!("{url:?} leads nowhere: this page has no id {id:?}");
                (CheckRule::DeadAnchor, message)
            }),
            ReferenceTarget::Document(path) => self.document(file, url, path).or_else(|| old_address(url, reference)),
            ReferenceTarget::Missing => Some(dead(url)),
            ReferenceTarget::Other if self.is_missing_list(&reference.url) => Some(dead(url)),
            ReferenceTarget::File(_) | ReferenceTarget::Other => None,
        }
    }

    fn document(&self, from: &ContentFile, url: &str, path: &Path) -> LinkProblem {
        let target = self.files.get(path)?;
        let name = path.display();
        if !self.is_public_with(target, from) {
            let message = format!("{url:?} leads to {name}, which is not public");
            return Some((CheckRule::NotPublic, message));
        }
        let id = anchor(target, url)?;
        let message = format!("{url:?} leads to the top of a page: {name} has no id {id:?}");
        Some((CheckRule::DeadAnchor, message))
    }

    /// Returns whether a file is public as soon as `from` is.
    fn is_public_with(&self, target: &ContentFile, from: &ContentFile) -> bool {
        let since = from
            .publication
            .due_after(self.now)
            .map_or(self.now, |due| due.timestamp());
        self.content.is_shown(target, since)
    }

    fn image(&self, link: &BodyLink, reference: &Reference) -> LinkProblem {
        let url = &link.url;
        if self.is_external(&reference.url) {
            return Some(blocked_picture(url));
        }
        if !matches!(reference.target, ReferenceTarget::File(_)) {
            return Some(missing_picture(url));
        }
        (!link.has_alt).then(|| {
            let message = format!("the picture {url:?} has no alternative text");
            (CheckRule::NoAlternativeText, message)
        })
    }

    fn is_external(&self, url: &str) -> bool {
        urls::is_external(url, &self.content.options().base_url)
    }

    /// Returns whether the URL is that of a list that the blog does not have.
    fn is_missing_list(&self, url: &str) -> bool {
        let tag = path_of(url).strip_prefix("/tags/").map(decoded);
        tag.is_some_and(|tag| self.library.tagged(tag.trim_end_matches('/')).is_none())
    }
}

/// Returns a note if the URL is the absolute path of a document, but not its current one.
fn old_address(url: &str, reference: &Reference) -> LinkProblem {
    let (old, new) = (path_of(url), path_of(&reference.url));
    (old.starts_with('/') && old.trim_end_matches('/') != new).then(|| {
        let message = format!("{url:?} is an old address of {new:?}");
        (CheckRule::OldAddress, message)
    })
}

fn dead(url: &str) -> (CheckRule, String) {
    let message = format!("{url:?} leads to no page or file of this blog");
    (CheckRule::DeadLink, message)
}

fn blocked_picture(url: &str) -> (CheckRule, String) {
    let message = format!("browsers block the picture {url:?} of another site: put it into the content folder");
    (CheckRule::BlockedPicture, message)
}

fn missing_picture(url: &str) -> (CheckRule, String) {
    (CheckRule::MissingPicture, format!("there is no picture {url:?}"))
}

/// Returns the fragment of a URL if the page of `file` has no such id.
fn anchor(file: &ContentFile, url: &str) -> Option<String> {
    let (_, fragment) = url.split_once('#')?;
    let id = decoded(fragment);
    // A text fragment is for the browser.
    let is_other = id.is_empty() || id.starts_with(":~:") || PAGE_IDS.iter().any(|own| id.starts_with(own));
    let anchors = &file.document.body().rendered().anchors;
    (!is_other && !anchors.contains(&id)).then_some(id)
}

fn path_of(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
