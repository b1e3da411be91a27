//! The ports that count: [`StatsStore`] and [`SaltStore`].

use async_trait::async_trait;
use horizon_core::{
    DEDUPE_WINDOW, Day, Event, ReaderId, Result, SaltStore, StatsStore, Timestamp, Topic, Update, VISITOR_MEMORY,
    apply_events,
};
use redb::{ReadableTable, WriteTransaction};

use crate::RedbStats;
use crate::error::Failed;
use crate::ledger::{RedbLedger, total};
use crate::tables::{COUNTED, SALTS, TOTALS, VISITORS, WORDS};

#[async_trait]
impl StatsStore for RedbStats {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let events = events.to_vec();
        self.write(move |transaction| apply_events(&mut RedbLedger(transaction), &events))
            .await
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let topics = topics.to_vec();
        self.read(move |transaction| {
            let totals = transaction.open_table(TOTALS)?;
            topics.iter().map(|topic| total(&totals, topic)).collect()
        })
        .await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let topic = topic.to_string();
        self.read(move |transaction| {
            let words = transaction.open_table(WORDS)?;
            let word = words.get((topic.as_str(), reader.as_u128()))?;
            Ok(word.is_some_and(|word| word.value().0))
        })
        .await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let unknown = now.minus(DEDUPE_WINDOW).as_millis();
        let away = now.minus(VISITOR_MEMORY).as_millis();
        // This walks through the tables while other writers wait. A large store wants an index over time.
        self.write(move |transaction| {
            transaction.open_table(COUNTED)?.retain(|_, at| at >= unknown)?;
            transaction.open_table(VISITORS)?.retain(|_, seen| seen >= away)?;
            // A like is kept while it is liked. A like taken back is kept for as long as an older one may come.
            let mut words = transaction.open_table(WORDS)?;
            words.retain(|_, (likes, said, _)| likes || said >= unknown)?;
            erase_salts(transaction, now.day())
        })
        .await
    }
}

#[async_trait]
impl SaltStore for RedbStats {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        // A look and a write in one transaction, so that of many who ask first all get the same.
        self.write(move |transaction| {
            erase_salts(transaction, day)?;
            let mut salts = transaction.open_table(SALTS)?;
            let known = salts.get(day.number())?.map(|salt| salt.value());
            if let Some(known) = known {
                return Ok(known);
            }
            salts.insert(day.number(), fresh)?;
            Ok(fresh)
        })
        .await
    }
}

/// Erases the salts of the days before the one before `day`.
fn erase_salts(transaction: &WriteTransaction, day: Day) -> Result<(), Failed> {
    let oldest = day.previous().number();
    Ok(transaction.open_table(SALTS)?.retain(|day, _| day >= oldest)?)
}
