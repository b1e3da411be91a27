use std::collections::HashMap;

use super::{Input, SessionColumnsError};

/// Different texts, each with a number from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dictionary<'a> {
    /// Where each text ends.
    ends: &'a [[u8; 4]],
    texts: &'a str,
}

impl<'a> Dictionary<'a> {
    pub(super) const EMPTY: Self = Self { ends: &[], texts: "" };

    pub(super) fn read(input: &mut Input<'a>) -> Result<Self, SessionColumnsError> {
        let damaged = SessionColumnsError::Damaged;
        let len = input.len()?.checked_mul(4).ok_or(damaged)?;
        let (ends, _) = input.bytes(len)?.as_chunks();
        let texts_len = ends.last().map_or(0, |end| position(*end));
        let texts = str::from_utf8(input.bytes(texts_len)?).map_err(|_| damaged)?;
        let mut start = 0;
        for end in ends {
            let end = position(*end);
            texts.get(start..end).ok_or(damaged)?;
            start = end;
        }
        Ok(Self { ends, texts })
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the texts in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> {
        let mut start = 0;
        let texts = self.texts;
        self.ends.iter().map(move |end| {
            let end = position(*end);
            let text = texts.get(start..end).unwrap_or_default();
            start = end;
            text
        })
    }
}

fn position(bytes: [u8; 4]) -> usize {
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
}

/// A [`Dictionary`] under construction.
#[derive(Default)]
pub(super) struct DictionaryBuilder<'a> {
    numbers: HashMap<&'a str, u32>,
    ends: Vec<u8>,
    texts: Vec<u8>,
}

impl<'a> DictionaryBuilder<'a> {
    /// Returns the number of a text.
    pub(super) fn number_of(&mut self, text: &'a str) -> Result<u64, SessionColumnsError> {
        let number = len_u32(self.numbers.len())?;
        if let Some(known) = self.numbers.get(text) {
            return Ok((*known).into());
        }
        self.numbers.insert(text, number);
        self.texts.extend(text.as_bytes());
        self.ends.extend(len_u32(self.texts.len())?.to_le_bytes());
        Ok(number.into())
    }

    pub(super) fn write(self, out: &mut Vec<u8>) -> Result<(), SessionColumnsError> {
        out.extend(len_u32(self.numbers.len())?.to_le_bytes());
        out.extend(self.ends);
        out.extend(self.texts);
        Ok(())
    }
}

/// Returns a length as it is stored.
pub(super) fn len_u32(len: usize) -> Result<u32, SessionColumnsError> {
    u32::try_from(len).map_err(|_| SessionColumnsError::TooMany)
}
