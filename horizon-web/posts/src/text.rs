/// How fast people read.
pub const WORDS_PER_MINUTE: u32 = 220;
