use http::Method;

use horizon_core::Slug;

use crate::{Caller, Horizon, has_privacy_signal};

/// The media type of pages.
const HTML: &[u8] = b"text/html";

/// What decides whether a response of a server is a page that counts as a visit; see [`Horizon::track_page_load`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLoad<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The status of the response.
    pub status: u16,
    /// The `Content-Type` of the response, if it has one.
    pub content_type: Option<&'a [u8]>,
    /// Whether the page opens a live stream. Then visitors with a privacy signal are not counted, because the stream
    /// counts them: without a visitor key, the page and the stream would be two visits.
    pub has_live_stream: bool,
}

impl PageLoad<'_> {
    /// Returns whether the server delivered a page: HTML, for a successful `GET`.
    fn is_delivered(&self) -> bool {
        let media_type = self.content_type.and_then(|text| text.get(..HTML.len()));
        self.method == Method::GET.as_str()
            && (200..300).contains(&self.status)
            && media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(HTML))
    }
}

impl Horizon {
    /// Counts a visit of a page, without a script, if the server delivered it. Call it in a middleware after the
    /// response is known. `page` is the path of the request, which starts with a slash (see
    /// [`visit_path`](Self::visit_path)), or the name of the page, which does not.
    ///
    /// It counts successful `GET` requests for HTML of an existing page, except those of known crawlers, prefetches,
    /// and requests with an empty user agent; see [`visit`](Self::visit). It does not wait.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{Horizon, PageLoad, Slug};
    ///
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let content_type = Some(&b"text/html; charset=utf-8"[..]);
    /// let load = PageLoad { method: "GET", status: 200, content_type, has_live_stream: false };
    /// horizon.track_page_load("/bread", &caller, load);
    /// horizon.track_page_load("/stew", &caller, load); // there is no such page
    /// let bread = horizon.page("bread").await?;
    /// horizon.close().await?; // records what is queued
    /// assert_eq!(horizon.stats(&[bread.into()]).await?[0].visits, 1);
    /// # Ok(()) }
    /// ```
    pub fn track_page_load(&self, page: &str, caller: &Caller, load: PageLoad<'_>) {
        if !load.is_delivered() || (load.has_live_stream && has_privacy_signal(caller.headers())) {
            return;
        }
        if page.starts_with('/') {
            self.visit_path(page, caller);
        } else if let Ok(slug) = Slug::new(page) {
            self.visit(&slug, caller);
        }
    }
}
