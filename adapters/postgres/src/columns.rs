//! Conversions between types of EventHorizon and columns that the driver does not convert.

use std::error::Error;

use horizon_core::{Day, EventId, ReaderId, Timestamp, Topic, VisitorKey};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, accepts, private::BytesMut, to_sql_checked},
};

use crate::error::DatabaseError;

type ConversionError = Box<dyn Error + Sync + Send>;

/// The number of 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAY: i64 = 10_957;

/// 2000-01-01 in milliseconds.
const EPOCH_MILLIS: i64 = EPOCH_DAY * 86_400_000;

/// The first day of the type `date`, 4713-11-24 BC, in days since 2000-01-01.
const FIRST_DATE: i64 = -2_451_545;

/// The last day that PostgreSQL's type `timestamptz` has, 294276-12-31, in days since 2000-01-01.
const LAST_DATE: i64 = 106_751_990;

/// The 16 bytes of an id, in a column of the type `uuid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UuidColumn(pub(crate) u128);

/// A day, in a column of the type `date`. A day that the type lacks is the nearest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateColumn(pub(crate) Day);

/// A time, in a column of the type `timestamptz`. A time that the type lacks is the nearest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampColumn(pub(crate) Timestamp);

impl ToSql for UuidColumn {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        out.extend_from_slice(&self.0.to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(UUID);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for UuidColumn {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, ConversionError> {
        Ok(Self(u128::from_be_bytes(raw.try_into()?)))
    }

    accepts!(UUID);
}

impl ToSql for DateColumn {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        let days = self.0.number().saturating_sub(EPOCH_DAY).clamp(FIRST_DATE, LAST_DATE);
        out.extend_from_slice(&i32::try_from(days)?.to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(DATE);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for DateColumn {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, ConversionError> {
        let days = i64::from(i32::from_be_bytes(raw.try_into()?));
        Ok(Self(Day::from_number(days.saturating_add(EPOCH_DAY))))
    }

    accepts!(DATE);
}

impl ToSql for TimestampColumn {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        const DAY_MILLIS: i64 = 86_400_000;
        let millis = self.0.as_millis().saturating_sub(EPOCH_MILLIS);
        let millis = millis.clamp(FIRST_DATE * DAY_MILLIS, LAST_DATE * DAY_MILLIS);
        out.extend_from_slice(&millis.saturating_mul(1_000).to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for TimestampColumn {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, ConversionError> {
        let millis = i64::from_be_bytes(raw.try_into()?).div_euclid(1_000);
        Ok(Self(Timestamp::from_millis(millis.saturating_add(EPOCH_MILLIS))))
    }

    accepts!(TIMESTAMPTZ);
}

macro_rules! uuid_of {
    ($($id:ty),*) => {
        $(impl From<$id> for UuidColumn {
            fn from(id: $id) -> Self {
                Self(id.as_u128())
            }
        })*
    };
}

uuid_of!(EventId, ReaderId, VisitorKey);

/// Returns the topic whose name is in a column.
pub(crate) fn topic(row: &Row, column: &'static str) -> Result<Topic, DatabaseError> {
    let name: &str = row.try_get(column)?;
    name.parse().map_err(|error| invalid(column, error))
}

/// Returns the unsigned number in a column of the type `bigint`.
pub(crate) fn unsigned(row: &Row, column: &'static str) -> Result<u64, DatabaseError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|error| invalid(column, error))
}

/// Returns a count as a column of the type `bigint` has it.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the error of a value that this program cannot have written.
pub(crate) fn invalid(column: &'static str, source: impl Into<ConversionError>) -> DatabaseError {
    DatabaseError::InvalidColumn {
        column,
        source: source.into(),
    }
}
