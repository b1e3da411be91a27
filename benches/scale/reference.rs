//! The limit of PostgreSQL: writes the rows that a store has written, without reading and without rules.
//!
//! One connection writes into the tables of the schema: transactions of the same number of events, one prepared
//! `INSERT … SELECT FROM unnest(…)` a table, all statements of a transaction sent together, and
//! `synchronous_commit = on`.

use horizon_core::StatsStore;
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_test_support::TestDatabase;
use tokio_postgres::{
    Client, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::Result;

/// The tables that get new rows for each event, with the order of arrival.
const NEW_ROWS: [(&str, &str); 3] = [
    ("event_ids", "id"),
    ("visitor_states", "visitor, topic"),
    ("likes", "reader, topic"),
];

/// The tables whose rows change in every transaction, with their keys and a column that changes.
const CHANGED_ROWS: [(&str, &str, &str); 3] = [
    ("topics", "topic", "revision"),
    ("topic_hours", "topic, hour", "visits"),
    ("topic_days", "topic, day", "visits"),
];

/// The rows of a store, and a database for them.
pub(crate) struct RowReference {
    client: Client,
    changed: Vec<TableRows>,
    new: Vec<TableRows>,
    transactions: usize,
}

/// A statement for rows, and their columns.
struct TableRows {
    insert: Statement,
    columns: Vec<Vec<Option<RawValue>>>,
    len: usize,
}

impl RowReference {
    /// Reads what a store has written in this number of transactions, and creates the same tables in another database.
    pub(crate) async fn new(store: &TestDatabase, target: &TestDatabase, transactions: usize) -> Result<Self> {
        // Creates the schema.
        PostgresStore::new(&PostgresConfig::new(target.url())?)?
            .totals(&[])
            .await?;
        let (store, client) = (store.connect().await?, target.connect().await?);
        for client in [&store, &client] {
            client.batch_execute("SET search_path = eventhorizon").await?;
        }
        client.batch_execute("DELETE FROM topics").await?;
        let (mut changed, mut new) = (Vec::new(), Vec::new());
        for (table, keys, column) in CHANGED_ROWS {
            let conflict = format!("ON CONFLICT ({keys}) DO UPDATE SET {column} = {table}.{column} + 1");
            changed.push(TableRows::read(&store, &client, table, keys, &conflict).await?);
        }
        for (table, order) in NEW_ROWS {
            new.push(TableRows::read(&store, &client, table, order, "").await?);
        }
        Ok(Self {
            client,
            changed,
            new,
            transactions,
        })
    }

    /// Writes all rows.
    pub(crate) async fn write(&self) -> Result<()> {
        for number in 0..self.transactions {
            let share = |rows: usize| number * rows / self.transactions..(number + 1) * rows / self.transactions;
            let changed = self.changed.iter().map(|table| table.write(&self.client, 0..table.len));
            let new = self.new.iter().map(|table| table.write(&self.client, share(table.len)));
            let (begun, written, committed) = tokio::join!(
                self.client.batch_execute("BEGIN; SET LOCAL synchronous_commit = on"),
                futures::future::join_all(changed.chain(new)),
                self.client.batch_execute("COMMIT"),
            );
            begun?;
            written.into_iter().collect::<Result<()>>()?;
            committed?;
        }
        Ok(())
    }
}

impl TableRows {
    /// Reads the rows of a table of `store`, and prepares the statement that writes them to `target`.
    async fn read(store: &Client, target: &Client, table: &str, order: &str, conflict: &str) -> Result<Self> {
        let rows = store
            .query(&format!("SELECT * FROM {table} ORDER BY {order}"), &[])
            .await?;
        let first = rows.first().ok_or("the store has written nothing")?;
        let parameter =
            |(index, column): (usize, &tokio_postgres::Column)| format!("${}::{}[]", index + 1, column.type_().name());
        let parameters: Vec<String> = first.columns().iter().enumerate().map(parameter).collect();
        let parameters = parameters.join(", ");
        let insert = format!("INSERT INTO {table} SELECT * FROM unnest({parameters}) {conflict}");
        let column = |index| {
            rows.iter()
                .map(|row: &Row| Ok(row.try_get(index)?))
                .collect::<Result<_>>()
        };
        Ok(Self {
            insert: target.prepare(&insert).await?,
            columns: (0..first.len()).map(column).collect::<Result<_>>()?,
            len: rows.len(),
        })
    }

    async fn write(&self, client: &Client, rows: std::ops::Range<usize>) -> Result<()> {
        let columns: Vec<_> = self
            .columns
            .iter()
            .filter_map(|column| column.get(rows.clone()))
            .collect();
        let parameters: Vec<_> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        client.execute(&self.insert, &parameters).await?;
        Ok(())
    }
}

/// A value as the server sends it.
#[derive(Debug)]
struct RawValue(Vec<u8>);

impl<'a> FromSql<'a> for RawValue {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for RawValue {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
