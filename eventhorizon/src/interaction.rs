//! What a visitor does on an open page: an interaction (a like, a comment or a custom event), or reading to its end.
//! Each is also a visit.

use std::sync::Arc;

use horizon_core::{EventKind, Slug, Topic, Visit, VisitCause, error_chain};

use crate::{
    Caller, ExistingPage, Horizon, Problem, limits::RateClass, rules::rule_deadline, visit_queue::caused_by,
    visit_tracker::VisitorIdentity,
};

impl Horizon {
    /// Records that the end of a page was on the caller's screen, as `POST /finished/{slug}` does in the HTTP contract:
    /// once for each load of the page.
    ///
    /// It does not wait. It records nothing for a caller who does not count, or who has no visitor key because of a
    /// privacy signal.
    ///
    /// # Errors
    /// The caller's network exceeds the rate of page loads ([`Rates::visits`](crate::Rates::visits)).
    pub fn finish(&self, page: &ExistingPage, caller: &Caller) -> Result<(), Problem> {
        let limits = &self.0.limits;
        limits.check_rate(RateClass::Visit, limits.networks(caller.address()))?;
        let mut visit = caused_by(VisitCause::Beat, None);
        visit.finished = true;
        self.record_on_page(Arc::new([page.into(), Topic::Site]), visit, caller);
        Ok(())
    }

    /// Records that the caller did something on a page, or on the site as a whole: a visit of the site that is
    /// interactive. Call it after the event bus took the event.
    ///
    /// It neither waits nor fails. It records nothing for a caller who does not count or has no visitor key, and the
    /// visit has no reader id.
    pub(crate) fn record_interaction(&self, page: Option<&Slug>, caller: &Caller) {
        let mut visit = caused_by(VisitCause::Beat, None);
        (visit.page, visit.interactive) = (page.cloned(), true);
        self.record_on_page(Arc::new([Topic::Site]), visit, caller);
    }

    /// Records a visit of these topics, which belong to one page, if the caller has a visitor key.
    fn record_on_page(&self, topics: Arc<[Topic]>, visit: Visit, caller: &Caller) {
        let (horizon, caller) = (self.clone(), caller.clone());
        self.record_in_background(async move { horizon.queue_on_page(topics, visit, &caller).await });
    }

    async fn queue_on_page(&self, topics: Arc<[Topic]>, visit: Visit, caller: &Caller) {
        let inner = &*self.0;
        let page = visit.page.clone().map(Topic::from);
        let topic = page.as_ref().or(topics.first());
        let identity = match self.visitor_identity(topic, caller, rule_deadline()).await {
            Ok(Ok(VisitorIdentity::Anonymous) | Err(_)) => return,
            Ok(Ok(identity)) => identity,
            Err(error) => {
                let (cause, topic) = (error_chain(&error), topic.map(Topic::to_string));
                tracing::warn!(%error, cause, topic, "an interaction or a read page is not counted as a visit");
                return inner.metrics.dropped_visit("rule");
            }
        };
        let (networks, today) = (inner.limits.networks(caller.address()), inner.clock.now().day());
        if let Err(reason) = inner.limits.check_visitor(&identity, visit.cause(), networks, today) {
            return inner.metrics.dropped_visit(reason);
        }
        let background = &inner.visit_tracker.background;
        if !background.spawn(topics, vec![visit], identity, |_| ()) {
            inner.metrics.event_failed(&EventKind::visit(None));
        }
    }
}
