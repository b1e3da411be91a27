use std::time::{SystemTime, UNIX_EPOCH};

/// Random numbers that come again with the same seed (SplitMix64).
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    /// The numbers that belong to this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed in the environment variable `HORIZON_SEED`, else one made of the time.
    ///
    /// The test prints it, so that a failure can be had again.
    #[must_use]
    pub fn from_environment() -> (u64, Self) {
        let given = std::env::var("HORIZON_SEED").ok().and_then(|text| text.parse().ok());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = given.unwrap_or(u64::from(since.subsec_nanos()) ^ since.as_secs());
        (seed, Self::new(seed))
    }

    /// The next number.
    #[expect(
        clippy::should_implement_trait,
        reason = "it never ends, and an iterator would say it may"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` up to, not including, `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }
}
