//! All statements of the store.

use tokio_postgres::types::Type;

use crate::connection::PoolKind;

/// A statement with the types of its parameters, so that preparing it takes no extra round trip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SqlStatement {
    pub(crate) text: &'static str,
    pub(crate) types: &'static [Type],
}

/// Defines statements, and the list `ALL` of them unless they are never prepared.
macro_rules! statements {
    (unprepared: $($(#[$doc:meta])* $name:ident($($type:ident),*) = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::sql::SqlStatement = $crate::sql::SqlStatement {
            text: $text,
            types: &[$(tokio_postgres::types::Type::$type),*],
        };)*
    };
    ($($(#[$doc:meta])* $name:ident($($type:ident),*) = $text:expr;)*) => {
        statements! { unprepared: $($(#[$doc])* $name($($type),*) = $text;)* }

        /// All of these statements.
        pub(crate) const ALL: &[$crate::sql::SqlStatement] = &[$($name),*];
    };
}

pub(crate) mod apply;
pub(crate) mod comments;
pub(crate) mod reports;
pub(crate) mod retention;
pub(crate) mod salts;
pub(crate) mod secrets;
pub(crate) mod site;
pub(crate) mod stats;

/// Returns the statements that the connections of a pool prepare. PostgreSQL parses all others each time.
pub(crate) const fn of_pool(kind: PoolKind) -> &'static [&'static [SqlStatement]] {
    match kind {
        PoolKind::Write => &[apply::ALL, salts::ALL, secrets::ALL, site::ALL, stats::ALL],
        PoolKind::Read => &[comments::ALL, salts::ALL, secrets::ALL, site::ALL, stats::ALL],
        PoolKind::Report => &[site::ALL],
    }
}

#[cfg(test)]
mod tests;
