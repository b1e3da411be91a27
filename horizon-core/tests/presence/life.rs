use horizon_core::presence::{Body, Message};

use crate::crowd::{Crowd, crowd};
use crate::node::TOPICS;

/// One run of a node's process, as it really was.
#[derive(Default)]
pub(crate) struct Life {
    pub(crate) born: u64,
    pub(crate) died: Option<u64>,
    /// Everybody who ever was there.
    pub(crate) ever: [Crowd; TOPICS],
    /// It takes up others when it hears of a former life.
    pub(crate) incarnations: Vec<u64>,
    /// Who it said its members are, by version.
    said: [Vec<Option<Crowd>>; TOPICS],
}

impl Life {
    pub(crate) fn new(born: u64) -> Self {
        Self {
            born,
            ..Self::default()
        }
    }

    /// Who it said its members are at a version.
    pub(crate) fn said(&self, place: usize, version: u64) -> Option<Crowd> {
        let version = usize::try_from(version).ok()?;
        self.said[place].get(version).copied().flatten()
    }

    /// Writes down what it says. Answers who its members are then, if it says so.
    pub(crate) fn write(&mut self, place: usize, message: &Message) -> Result<Option<Crowd>, String> {
        if !self.incarnations.contains(&message.incarnation) {
            self.incarnations.push(message.incarnation);
        }
        let said = |version: &u64| {
            let said = self.said(place, *version);
            said.ok_or_else(|| format!("it never was where it starts: {message:?}"))
        };
        let (version, members) = match &message.body {
            Body::State { version, members } => (*version, crowd(members)),
            Body::Delta { from, to, joined, left } => {
                let (base, joined, left) = (said(from)?, crowd(joined), crowd(left));
                if base & joined != 0 || left & !base != 0 || joined | left == 0 {
                    return Err(format!("to {base:b} that is no change: {message:?}"));
                }
                (*to, base & !left | joined)
            }
            Body::Beat { version } => return said(version).map(|_| None),
            Body::Ask { .. } | Body::Goodbye => return Ok(None),
        };
        match self.said(place, version) {
            Some(before) if before != members => return Err(format!("it had {before:b} then: {message:?}")),
            _ => {}
        }
        let version = usize::try_from(version).unwrap();
        let said = &mut self.said[place];
        said.resize(said.len().max(version + 1), None);
        said[version] = Some(members);
        Ok(Some(members))
    }
}
