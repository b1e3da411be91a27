use std::env;

use fastrand::Rng;

/// Returns a generator and its seed: the one in the environment variable `HORIZON_SEED`, or a random one.
///
/// A test prints the seed, so that a failure can be repeated.
#[must_use]
pub fn seeded_rng() -> (u64, Rng) {
    let given = env::var("HORIZON_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    (seed, Rng::with_seed(seed))
}
