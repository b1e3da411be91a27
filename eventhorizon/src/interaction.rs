//! Interactions: a like, a comment or a custom event is also a visit of the site.

use std::sync::Arc;

use horizon_core::{EventKind, Slug, Topic, VisitCause, error_chain};

use crate::{Caller, Horizon, rules::rule_deadline, visit_queue::caused_by, visit_tracker::VisitorIdentity};

impl Horizon {
    /// Records that the caller did something on a page, or on the site as a whole: a visit of the site that is
    /// interactive. Call it after the event bus took the event.
    ///
    /// It neither waits nor fails. It records nothing for a caller who does not count or has no visitor key, and the
    /// visit has no reader id.
    pub(crate) fn record_interaction(&self, page: Option<&Slug>, caller: &Caller) {
        let (horizon, page, caller) = (self.clone(), page.cloned(), caller.clone());
        self.record_in_background(async move { horizon.queue_interaction(page, &caller).await });
    }

    async fn queue_interaction(&self, page: Option<Slug>, caller: &Caller) {
        let inner = &*self.0;
        let topic = page.clone().map_or(Topic::Site, Topic::from);
        let identity = match self.visitor_identity(Some(&topic), caller, rule_deadline()).await {
            Ok(Ok(VisitorIdentity::Anonymous) | Err(_)) => return,
            Ok(Ok(identity)) => identity,
            Err(error) => {
                let (cause, topic) = (error_chain(&error), topic.to_string());
                tracing::warn!(%error, cause, topic, "the visit of a like, comment or custom event is not counted");
                return inner.metrics.dropped_visit("rule");
            }
        };
        let cause = VisitCause::Beat;
        let (networks, today) = (inner.limits.networks(caller.address()), inner.clock.now().day());
        if let Err(reason) = inner.limits.check_visitor(&identity, cause, networks, today) {
            return inner.metrics.dropped_visit(reason);
        }
        let mut visit = caused_by(cause, None);
        (visit.page, visit.interactive) = (page, true);
        let background = &inner.visit_tracker.background;
        if !background.spawn(Arc::new([Topic::Site]), visit, identity, |_| ()) {
            inner.metrics.event_failed(&EventKind::visit(None));
        }
    }
}
