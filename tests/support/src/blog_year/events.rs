//! The events that a web node publishes about sessions.

use std::time::Duration;

use horizon_core::{
    Draft, Event, EventKind, EventName, ReaderId, Slug, Stamp, Timestamp, Topic, Visit, VisitCause, VisitorKey,
};

use super::{
    BlogYear,
    session::{Action, PageView, SeededSession},
};

impl BlogYear {
    /// Returns the events of all sessions, in the order of their time.
    ///
    /// # Errors
    /// Never: all texts are valid.
    pub fn events(&self) -> anyhow::Result<Vec<Event>> {
        let mut events = Events {
            list: Vec::new(),
            seed: self.seed,
        };
        for session in &self.sessions {
            events.add_session(session)?;
        }
        events.list.sort_by_key(|event| event.at);
        Ok(events.list)
    }
}

struct Events {
    list: Vec<Event>,
    seed: u64,
}

impl Events {
    fn add_session(&mut self, session: &SeededSession) -> anyhow::Result<()> {
        for page in &session.pages {
            let mut open = visit(session.visitor, VisitCause::Open);
            open.context = Some(Box::new(session.context.clone()));
            self.add_visit(page.at, &page.slug, open);
            let Some(visitor) = session.visitor else {
                continue;
            };
            // Shortly before the page is closed.
            let late = page.at.plus(Duration::from_secs(u64::from(page.seconds) * 9 / 10));
            if page.finished {
                let mut finished = visit(Some(visitor), VisitCause::Beat);
                finished.finished = true;
                self.add_visit(late, &page.slug, finished);
            }
            self.add_actions(late, page, visitor)?;
            let mut end = visit(Some(visitor), VisitCause::End);
            end.seconds = Some(page.seconds);
            self.add_visit(page.end(), &page.slug, end);
        }
        Ok(())
    }

    /// Adds a visit of the page, and one of the site.
    fn add_visit(&mut self, at: Timestamp, page: &Slug, mut visit: Visit) {
        let context = visit.context.take();
        self.add(at, page.clone().into(), EventKind::Visit(visit.clone()));
        (visit.page, visit.context) = (Some(page.clone()), context);
        self.add(at, Topic::Site, EventKind::Visit(visit));
    }

    fn add_actions(&mut self, at: Timestamp, page: &PageView, visitor: VisitorKey) -> anyhow::Result<()> {
        for action in &page.actions {
            let reader = ReaderId::from_u128(!visitor.as_u128());
            let kind = match *action {
                Action::Like => EventKind::Like { reader },
                Action::Comment(author, text) => EventKind::Comment {
                    reader,
                    draft: Draft::new(author, text, None)?,
                    pending: false,
                },
                Action::Custom(name) => EventKind::Custom {
                    name: EventName::new(name)?,
                    properties: Default::default(),
                },
            };
            self.add(at, page.slug.clone().into(), kind);
            let mut interaction = visit(Some(visitor), VisitCause::Beat);
            (interaction.page, interaction.interactive) = (Some(page.slug.clone()), true);
            self.add(at, Topic::Site, EventKind::Visit(interaction));
        }
        Ok(())
    }

    fn add(&mut self, at: Timestamp, topic: Topic, kind: EventKind) {
        let [.., a, b] = self.seed.to_be_bytes();
        let [c, d, e, f, g, h, i, j] = (self.list.len() as u64).to_be_bytes();
        let stamp = Stamp::new(at, [a, b, c, d, e, f, g, h, i, j]);
        self.list.push(Event::new(stamp, topic, kind));
    }
}

fn visit(visitor: Option<VisitorKey>, cause: VisitCause) -> Visit {
    let mut visit = Visit::of(visitor);
    visit.cause = Some(cause);
    visit
}
