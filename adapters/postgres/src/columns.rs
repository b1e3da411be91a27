//! Conversions between types of EventHorizon and columns that the driver does not convert.

use std::error::Error;

use horizon_core::reports::Dimension;
use horizon_core::{Day, EventId, ReaderId, Timestamp, Topic, VisitorKey};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, accepts, private::BytesMut, to_sql_checked},
};

use crate::error::DatabaseError;

type ConversionError = Box<dyn Error + Sync + Send>;

/// The number of 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAY: i64 = 10_957;

const DAY_MILLIS: i64 = 86_400_000;

/// 2000-01-01 in milliseconds since 1970.
const EPOCH_MILLIS: i64 = EPOCH_DAY * DAY_MILLIS;

/// The first day of the type `date`, 4713-11-24 BC, in days since 2000-01-01.
const FIRST_DATE: i64 = -2_451_545;

/// The last day that PostgreSQL's type `timestamptz` has, 294276-12-31, in days since 2000-01-01.
const LAST_DATE: i64 = 106_751_982;

/// The 16 bytes of an id, in a column of the type `uuid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UuidColumn(pub(crate) u128);

/// A day, in a column of the type `date`. A day out of its range becomes the nearest one in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DateColumn(pub(crate) Day);

/// A time, in a column of the type `timestamptz`. A time out of its range becomes the nearest one in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl DateColumn {
    /// Returns the day that is stored.
    pub(crate) fn nearest(self) -> Self {
        let days = self.0.number();
        Self(Day::from_number(
            days.clamp(FIRST_DATE + EPOCH_DAY, LAST_DATE + EPOCH_DAY),
        ))
    }
}

impl TimestampColumn {
    /// Returns the time that is stored.
    pub(crate) fn nearest(self) -> Self {
        let millis = self.0.as_millis();
        Self(Timestamp::from_millis(millis.clamp(
            FIRST_DATE * DAY_MILLIS + EPOCH_MILLIS,
            LAST_DATE * DAY_MILLIS + EPOCH_MILLIS,
        )))
    }
}

impl ToSql for DateColumn {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        let days = self.nearest().0.number().saturating_sub(EPOCH_DAY);
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
        let millis = self.nearest().0.as_millis().saturating_sub(EPOCH_MILLIS);
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

/// Returns a count as the value of a column of the type `bigint`.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the number of a dimension: its position in [`Dimension::OF_SESSIONS`], which never changes, or -1 if
/// sessions do not have the dimension.
pub(crate) fn dimension_code(dimension: Dimension) -> i16 {
    let code = dimension.session_index().map(i16::try_from);
    code.and_then(Result::ok).unwrap_or(-1)
}

/// Returns the index of the column `ordinal`, which counts from 1.
pub(crate) fn ordinal_index(row: &Row) -> Result<Option<usize>, DatabaseError> {
    let ordinal: i64 = row.try_get("ordinal")?;
    Ok(usize::try_from(ordinal.saturating_sub(1)).ok())
}

/// Returns the key at the row's `ordinal`.
pub(crate) fn at_ordinal<'a, K>(keys: &'a [K], row: &Row) -> Result<Option<&'a K>, DatabaseError> {
    Ok(ordinal_index(row)?.and_then(|index| keys.get(index)))
}

/// Returns the error for a stored value that this program never writes.
pub(crate) fn invalid(column: &'static str, source: impl Into<ConversionError>) -> DatabaseError {
    DatabaseError::InvalidColumn {
        column,
        source: source.into(),
    }
}
