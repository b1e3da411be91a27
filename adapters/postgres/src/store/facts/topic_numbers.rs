use std::collections::HashMap;

use horizon_core::Topic;
use tokio_postgres::Row;

use crate::error::DatabaseError;

/// The number of the site. Pages have higher ones.
pub(in crate::store) const SITE: i32 = 0;

/// The numbers of the topics of a batch. New topics get the next numbers. No other transaction can assign the same
/// ones, because this one has the lock.
pub(in crate::store) struct TopicNumbers {
    numbers: HashMap<Topic, i32>,
    last: i32,
    new: Vec<Topic>,
}

impl TopicNumbers {
    /// `row` contains the highest stored number.
    pub(super) fn new(row: Option<&Row>) -> Result<Self, DatabaseError> {
        Ok(Self {
            numbers: HashMap::new(),
            last: row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0),
            new: Vec::new(),
        })
    }

    /// Adds the number of a stored topic.
    pub(super) fn insert(&mut self, topic: Topic, number: i32) {
        self.numbers.insert(topic, number);
    }

    /// Returns the number of a topic. A new topic gets one.
    pub(in crate::store) fn number(&mut self, topic: &Topic) -> i32 {
        if let Some(number) = self.numbers.get(topic) {
            return *number;
        }
        self.last = self.last.saturating_add(1);
        self.numbers.insert(topic.clone(), self.last);
        self.new.push(topic.clone());
        self.last
    }

    /// Removes and returns the topics that got a new number.
    pub(in crate::store) fn take_new(&mut self) -> Vec<Topic> {
        std::mem::take(&mut self.new)
    }
}
