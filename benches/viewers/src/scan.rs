//! Finds the numbers in the bytes of a server, regardless of how reads split them.

/// The pattern of a message: literals, each followed by a number. The last number is the message's value.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The literal before the first number.
    lead: &'static [u8],
    /// The literal before each further number.
    between: &'static [&'static [u8]],
}

/// EventHorizon's message with a page's numbers, not the one of the site.
pub static LIVE: Pattern = Pattern {
    lead: b"event: live\ndata: {\"viewers\":",
    between: &[b",\"visits\":", b",\"likes\":"],
};

/// A message that this program published: `{"n":17,…}`.
pub static NUMBERED: Pattern = Pattern {
    lead: b"\"n\":",
    between: &[],
};

/// The numbers of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The last number: likes, or the number of the message.
    pub value: u64,
    /// The first number: the viewers of a page, or the number of the message.
    pub first: u64,
}

/// Reads a stream of bytes and reports each message that matches the pattern.
#[derive(Debug)]
pub struct Scanner {
    pattern: &'static Pattern,
    /// The number of numbers read.
    numbers: usize,
    /// The number of matched bytes of the current literal.
    matched: usize,
    /// Whether the literal is complete and its number is being read.
    in_number: bool,
    digits: Reading,
}

impl Scanner {
    /// Creates a scanner at the start of a stream.
    #[must_use]
    pub fn new(pattern: &'static Pattern) -> Self {
        Self {
            pattern,
            numbers: 0,
            matched: 0,
            in_number: false,
            digits: Reading::default(),
        }
    }

    /// Reads more bytes. Ignores backslashes, because socket.io sends a message in a string with escaped quotes.
    pub fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Reading)) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.is_idle() {
                let start = self
                    .pattern
                    .lead
                    .first()
                    .and_then(|&first| memchr::memchr(first, bytes));
                let Some(after) = start.and_then(|start| bytes.get(start + 1..)) else {
                    return;
                };
                self.matched = 1;
                bytes = after;
                continue;
            }
            bytes = rest;
            if byte != b'\\' {
                self.step(byte, &mut found);
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.matched == 0 && self.numbers == 0 && !self.in_number
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(Reading)) {
        if !self.in_number {
            return self.literal(byte);
        }
        if byte.is_ascii_digit() {
            self.digits.value = self
                .digits
                .value
                .saturating_mul(10)
                .saturating_add(u64::from(byte - b'0'));
            return;
        }
        self.in_number = false;
        self.matched = 0;
        self.numbers += 1;
        if self.numbers == 1 {
            self.digits.first = self.digits.value;
        }
        if self.numbers > self.pattern.between.len() {
            found(self.digits);
            self.restart();
        }
        self.literal(byte);
    }

    fn literal(&mut self, byte: u8) {
        let due = match self.numbers {
            0 => self.pattern.lead,
            more => self.pattern.between.get(more - 1).copied().unwrap_or_default(),
        };
        if due.get(self.matched) == Some(&byte) {
            self.matched += 1;
            if self.matched == due.len() {
                self.in_number = true;
                self.digits.value = 0;
            }
        } else if self.numbers == 0 {
            self.matched = border(due, self.matched, byte);
        } else {
            self.restart();
            self.matched = border(self.pattern.lead, 0, byte);
        }
    }

    fn restart(&mut self) {
        self.numbers = 0;
        self.matched = 0;
        self.in_number = false;
    }
}

/// Returns the matched length of `literal` after `matched` bytes and this different byte.
fn border(literal: &[u8], matched: usize, byte: u8) -> usize {
    let read = literal.get(..matched).unwrap_or_default();
    let is_border = |length: &usize| {
        let start = literal.get(..*length).and_then(<[u8]>::split_last);
        start.is_some_and(|(&last, before)| last == byte && read.ends_with(before))
    };
    (1..=matched.max(1)).rev().find(is_border).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(viewers: u64, likes: u64) -> String {
        format!("event: live\ndata: {{\"viewers\":{viewers},\"visits\":10,\"likes\":{likes},\"comments\":0}}\n\n")
    }

    fn read(pattern: &'static Pattern, parts: &[&[u8]]) -> Vec<(u64, u64)> {
        let mut scanner = Scanner::new(pattern);
        let mut found = Vec::new();
        for part in parts {
            scanner.feed(part, |reading| found.push((reading.first, reading.value)));
        }
        found
    }

    #[test]
    fn a_message_is_found_however_it_is_split() {
        let site = live(9, 900).replace("live", "site");
        let text = format!(
            "retry: 1000\n\n{}{site}:\n\neevent: livevent: live\n\n{}",
            live(2, 7),
            live(31, 123)
        );
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let (one, rest) = text.as_bytes().split_at(first);
                let (two, three) = rest.split_at(second - first);
                assert_eq!(
                    read(&LIVE, &[one, two, three]),
                    [(2, 7), (31, 123)],
                    "cut at {first} and {second}"
                );
            }
        }
    }

    #[test]
    fn a_message_right_after_a_broken_one_is_found() {
        let text =
            "event: live\ndata: {\"viewers\":1,\"visitsevent: live\ndata: {\"viewers\":1,\"visits\":1,\"likes\":5,";
        assert_eq!(read(&LIVE, &[text.as_bytes()]), [(1, 5)]);
    }

    #[test]
    fn numbers_of_own_messages_are_found_quoted_or_not() {
        let text = br#"data: {"n":17,"pad":"xx"} 42["m","{\"n\":18,\"pad\":\"n\"}"] """n":19,"#;
        assert_eq!(read(&NUMBERED, &[text]), [(17, 17), (18, 18), (19, 19)]);
        for cut in 0..=text.len() {
            let (one, two) = text.split_at(cut);
            assert_eq!(read(&NUMBERED, &[one, two]).len(), 3, "cut at {cut}");
        }
    }
}
