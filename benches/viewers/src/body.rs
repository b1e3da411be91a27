//! Decodes the chunked transfer coding of an HTTP/1.1 body (RFC 9112 §7.1) incrementally.

/// How the end of a response body is marked.
#[derive(Debug)]
pub enum Body {
    /// By closing the connection.
    UntilClose,
    /// By an empty chunk.
    Chunked(Chunks),
}

/// The position in a chunked body.
#[derive(Debug, Default)]
pub struct Chunks {
    state: BodyState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BodyState {
    /// Between chunks. The end of a line may come before the next size.
    #[default]
    Start,
    /// In the digits of a size.
    Size(usize),
    /// Between the digits of a size and the end of the line.
    Extension(usize),
    /// Inside a chunk with this number of bytes left.
    Data(usize),
    /// After the last chunk.
    Over,
    /// After an invalid chunk.
    Broken,
}

/// Why a body cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is complete.
    Over,
    /// It is not chunked.
    Broken,
}

impl Body {
    /// Passes the content of these bytes on.
    ///
    /// # Errors
    /// [`End`] if there is no more content.
    pub fn content(&mut self, bytes: &[u8], mut content: impl FnMut(&[u8])) -> Result<(), End> {
        match self {
            Self::UntilClose => content(bytes),
            Self::Chunked(chunks) => return chunks.content(bytes, content),
        }
        Ok(())
    }
}

impl Chunks {
    fn content(&mut self, mut bytes: &[u8], mut content: impl FnMut(&[u8])) -> Result<(), End> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.state {
                BodyState::Data(left) => {
                    let (data, after) = bytes.split_at(left.min(bytes.len()));
                    content(data);
                    bytes = after;
                    self.state = match left - data.len() {
                        0 => BodyState::Start,
                        left => BodyState::Data(left),
                    };
                    continue;
                }
                BodyState::Over => return Err(End::Over),
                BodyState::Broken => return Err(End::Broken),
                other => self.state = other.after(byte),
            }
            bytes = rest;
        }
        match self.state {
            BodyState::Over => Err(End::Over),
            BodyState::Broken => Err(End::Broken),
            _ => Ok(()),
        }
    }
}

impl BodyState {
    /// Returns the state after a byte of the framing.
    fn after(self, byte: u8) -> Self {
        let digit = char::from(byte)
            .to_digit(16)
            .and_then(|digit| usize::try_from(digit).ok());
        match (self, byte, digit) {
            (Self::Start, b'\r' | b'\n', _) => Self::Start,
            (Self::Start, _, Some(digit)) => Self::Size(digit),
            (Self::Size(size), _, Some(digit)) => match size.checked_mul(16) {
                Some(size) => Self::Size(size + digit),
                None => Self::Broken,
            },
            (Self::Size(0) | Self::Extension(0), b'\n', _) => Self::Over,
            (Self::Size(size) | Self::Extension(size), b'\n', _) => Self::Data(size),
            (Self::Size(size), b';' | b' ' | b'\t' | b'\r', _) | (Self::Extension(size), ..) => Self::Extension(size),
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> (String, Result<(), End>) {
        let mut body = Body::Chunked(Chunks::default());
        let mut text = Vec::new();
        let mut end = Ok(());
        for part in parts {
            end = body.content(part, |bytes| text.extend_from_slice(bytes));
        }
        (String::from_utf8(text).unwrap(), end)
    }

    #[test]
    fn chunks_are_joined_however_they_are_split() {
        let text = b"5\r\nevent\r\n1B;x=y\r\n: live and twenty-six more\n\r\n";
        for cut in 0..=text.len() {
            let (one, two) = text.split_at(cut);
            assert_eq!(
                read(&[one, two]),
                ("event: live and twenty-six more\n".into(), Ok(())),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn the_last_chunk_is_the_end() {
        assert_eq!(read(&[b"2\r\nab\r\n0\r\n\r\n"]), ("ab".into(), Err(End::Over)));
        assert_eq!(read(&[b"2\r\nab\r\n", b"0\r\n"]), ("ab".into(), Err(End::Over)));
    }

    #[test]
    fn an_invalid_chunk_is_an_error() {
        assert_eq!(read(&[b"event: live"]).1, Err(End::Broken));
    }
}
