use super::{SessionColumnsError, VERSION};

/// The rest of the bytes of a part.
#[derive(Debug)]
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Checks the version.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, SessionColumnsError> {
        match bytes {
            [VERSION, rest @ ..] => Ok(Self(rest)),
            [version, ..] => Err(SessionColumnsError::Version(*version)),
            [] => Err(SessionColumnsError::Damaged),
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], SessionColumnsError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(SessionColumnsError::Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SessionColumnsError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(SessionColumnsError::Damaged)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, SessionColumnsError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u64(&mut self) -> Result<u64, SessionColumnsError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, SessionColumnsError> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn len(&mut self) -> Result<usize, SessionColumnsError> {
        let len = self.array().map(u32::from_le_bytes)?;
        usize::try_from(len).map_err(|_| SessionColumnsError::Damaged)
    }

    /// Checks that nothing is left.
    pub(super) fn finish(self) -> Result<(), SessionColumnsError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(SessionColumnsError::Damaged)
        }
    }
}
