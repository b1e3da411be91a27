use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The kind of a query without parameters.
const QUERY: u8 = b'Q';

/// The kind of the reply to a statement that succeeded.
const COMMAND_COMPLETE: u8 = b'C';

/// The size in bytes of the length field of a message. The length includes it.
const LENGTH_BYTES: usize = 4;

/// The maximum length of a message, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A message of PostgreSQL's protocol.
pub(super) struct ProtocolMessage {
    /// `None` for the first message of a client.
    kind: Option<u8>,
    body: Vec<u8>,
}

impl ProtocolMessage {
    /// Reads the first message of a client.
    pub(super) async fn read_startup(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        Self::read_body(None, from).await
    }

    /// Reads a later message.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let kind = from.read_u8().await?;
        Self::read_body(Some(kind), from).await
    }

    async fn read_body(kind: Option<u8>, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
        let length = length.checked_sub(LENGTH_BYTES).filter(|length| *length <= MAX_BYTES);
        let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        from.read_exact(&mut body).await?;
        Ok(Self { kind, body })
    }

    /// Writes the message without flushing it.
    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if let Some(kind) = self.kind {
            to.write_u8(kind).await?;
        }
        let length = u32::try_from(self.body.len() + LENGTH_BYTES).map_err(|_| io::ErrorKind::InvalidData)?;
        to.write_u32(length).await?;
        to.write_all(&self.body).await
    }

    /// Returns the statements of a query without parameters, and an empty text for other messages.
    pub(super) fn query(&self) -> &str {
        self.text_of(QUERY)
    }

    /// Replaces the statements of a query without parameters.
    pub(super) fn set_query(&mut self, statements: &str) {
        self.body = [statements.as_bytes(), b"\0"].concat();
    }

    /// Returns whether it is the reply to a successful COMMIT.
    pub(super) fn is_committed(&self) -> bool {
        self.text_of(COMMAND_COMPLETE) == "COMMIT"
    }

    fn text_of(&self, kind: u8) -> &str {
        let text = self.body.strip_suffix(b"\0").filter(|_| self.kind == Some(kind));
        std::str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_query_is_read_changed_and_written() {
        let bytes = b"Q\0\0\0\x0bCOMMIT\0";
        let mut message = ProtocolMessage::read(&mut bytes.as_slice()).await.unwrap();
        assert_eq!((message.query(), message.is_committed()), ("COMMIT", false));
        let mut written = Vec::new();
        message.write(&mut written).await.unwrap();
        assert_eq!(written, bytes);
        message.set_query("BEGIN");
        assert_eq!(message.query(), "BEGIN");
    }

    #[tokio::test]
    async fn only_the_reply_to_a_commit_is_one() {
        for (tag, is_committed) in [("COMMIT\0\0", false), ("COMMIT\0", true), ("ROLLBACK\0", false)] {
            let length = u8::try_from(tag.len() + LENGTH_BYTES).unwrap();
            let bytes = [b"C\0\0\0", [length].as_slice(), tag.as_bytes()].concat();
            let message = ProtocolMessage::read(&mut bytes.as_slice()).await.unwrap();
            assert_eq!(message.is_committed(), is_committed, "{tag:?}");
        }
    }
}
