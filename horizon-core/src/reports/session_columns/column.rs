use super::{Input, SessionColumnsError};

/// A number per row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SessionColumn<'a> {
    /// All rows have the same number.
    Same(u64),
    U8(&'a [u8]),
    U16(&'a [[u8; 2]]),
    U32(&'a [[u8; 4]]),
    U64(&'a [[u8; 8]]),
}

impl<'a> SessionColumn<'a> {
    pub(super) const EMPTY: Self = Self::Same(0);

    pub(super) fn read(input: &mut Input<'a>, rows: usize) -> Result<Self, SessionColumnsError> {
        match input.u8()? {
            0 => input.u64().map(Self::Same),
            1 => input.bytes(rows).map(Self::U8),
            2 => arrays(input, rows).map(Self::U16),
            4 => arrays(input, rows).map(Self::U32),
            8 => arrays(input, rows).map(Self::U64),
            _ => Err(SessionColumnsError::Damaged),
        }
    }

    /// Reads a column that has at least a byte per row, which bounds the number of rows by the number of bytes.
    pub(super) fn read_stored(input: &mut Input<'a>, rows: usize) -> Result<Self, SessionColumnsError> {
        match Self::read(input, rows)? {
            Self::Same(_) => Err(SessionColumnsError::Damaged),
            column => Ok(column),
        }
    }

    /// Returns the number of a row, 0 if there is no such row.
    pub(crate) fn get(&self, row: usize) -> u64 {
        let number = match self {
            Self::Same(number) => Some(*number),
            Self::U8(numbers) => numbers.get(row).map(|number| u64::from(*number)),
            Self::U16(numbers) => numbers.get(row).map(|bytes| u16::from_le_bytes(*bytes).into()),
            Self::U32(numbers) => numbers.get(row).map(|bytes| u32::from_le_bytes(*bytes).into()),
            Self::U64(numbers) => numbers.get(row).map(|bytes| u64::from_le_bytes(*bytes)),
        };
        number.unwrap_or(0)
    }

    /// Replaces the content of `numbers` by those of all rows. Greater ones than [`u32::MAX`] become [`u32::MAX`].
    pub(crate) fn copy_to(&self, numbers: &mut Vec<u32>, rows: usize) {
        numbers.clear();
        match self {
            Self::Same(number) => numbers.resize(rows, saturate(*number)),
            Self::U8(all) => numbers.extend(all.iter().map(|number| u32::from(*number))),
            Self::U16(all) => numbers.extend(all.iter().map(|bytes| u32::from(u16::from_le_bytes(*bytes)))),
            Self::U32(all) => numbers.extend(all.iter().map(|bytes| u32::from_le_bytes(*bytes))),
            Self::U64(all) => numbers.extend(all.iter().map(|bytes| saturate(u64::from_le_bytes(*bytes)))),
        }
    }

    /// Like [`copy_to`](Self::copy_to), for some rows, each number divided by `divisor`. The number of a row that does
    /// not exist is 0.
    #[inline]
    pub(crate) fn copy_rows_to(&self, numbers: &mut Vec<u32>, rows: &[u32], divisor: u32) {
        let divisor = divisor.max(1);
        numbers.clear();
        let row = |row: &u32| usize::try_from(*row).unwrap_or(usize::MAX);
        match self {
            Self::Same(number) => numbers.resize(rows.len(), saturate(number / u64::from(divisor))),
            Self::U8(all) => {
                let number = |of: &u32| all.get(row(of)).map_or(0, |number| u32::from(*number) / divisor);
                numbers.extend(rows.iter().map(number));
            }
            Self::U16(all) => {
                let number = |bytes: &[u8; 2]| u32::from(u16::from_le_bytes(*bytes)) / divisor;
                numbers.extend(rows.iter().map(|of| all.get(row(of)).map_or(0, number)));
            }
            Self::U32(all) => {
                let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) / divisor;
                numbers.extend(rows.iter().map(|of| all.get(row(of)).map_or(0, number)));
            }
            Self::U64(all) => {
                let number = |bytes: &[u8; 8]| saturate(u64::from_le_bytes(*bytes) / u64::from(divisor));
                numbers.extend(rows.iter().map(|of| all.get(row(of)).map_or(0, number)));
            }
        }
    }

    /// Returns the greatest number, 0 without rows.
    pub(super) fn max(&self) -> u64 {
        // `Iterator::max` is several times slower, because it must return the last of equal numbers.
        match self {
            Self::Same(number) => *number,
            Self::U8(all) => all.iter().copied().fold(0, u8::max).into(),
            Self::U16(all) => all
                .iter()
                .map(|bytes| u16::from_le_bytes(*bytes))
                .fold(0, u16::max)
                .into(),
            Self::U32(all) => all
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes))
                .fold(0, u32::max)
                .into(),
            Self::U64(all) => all.iter().map(|bytes| u64::from_le_bytes(*bytes)).fold(0, u64::max),
        }
    }

    /// Returns the sum of the numbers of all rows. `None` if it overflows.
    pub(super) fn sum(&self, rows: usize) -> Option<u64> {
        match self {
            Self::Same(number) => number.checked_mul(rows as u64),
            Self::U8(all) => Some(all.iter().map(|number| u64::from(*number)).sum()),
            Self::U16(all) => Some(all.iter().map(|bytes| u64::from(u16::from_le_bytes(*bytes))).sum()),
            Self::U32(all) => Some(all.iter().map(|bytes| u64::from(u32::from_le_bytes(*bytes))).sum()),
            Self::U64(all) => {
                let mut numbers = all.iter().map(|bytes| u64::from_le_bytes(*bytes));
                numbers.try_fold(0, u64::checked_add)
            }
        }
    }

    /// Appends a column. If all numbers are the same, it has no bytes per row.
    pub(super) fn write(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64> + Clone) {
        let mut others = numbers.clone();
        let first = others.next().unwrap_or(0);
        if others.all(|number| number == first) {
            out.push(0);
            out.extend(first.to_le_bytes());
        } else {
            Self::write_stored(out, numbers);
        }
    }

    /// Appends a column with at least a byte per row.
    pub(super) fn write_stored(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64> + Clone) {
        let width = match numbers.clone().max().unwrap_or(0) {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xffff_ffff => 4,
            _ => 8_u8,
        };
        out.push(width);
        for number in numbers {
            out.extend(number.to_le_bytes().into_iter().take(width.into()));
        }
    }
}

fn saturate(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn arrays<'a, const N: usize>(input: &mut Input<'a>, rows: usize) -> Result<&'a [[u8; N]], SessionColumnsError> {
    let len = rows.checked_mul(N).ok_or(SessionColumnsError::Damaged)?;
    let (arrays, _) = input.bytes(len)?.as_chunks();
    Ok(arrays)
}
