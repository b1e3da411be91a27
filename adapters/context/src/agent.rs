//! The browser, the system and the device of an agent string.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::BuildHasher,
    time::{Duration, Instant},
};

use horizon_core::ContextValue;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use serde::Deserialize;
use ua_parser::{os, user_agent};

use crate::{
    agent_names::{browser, system},
    device::Device,
    value::cut,
};

/// How much of an agent string is read, in bytes. The longest common ones, of apps, have about 500.
const MAX_AGENT_BYTES: usize = 1_024;

/// The number of agents whose results are cached.
const CACHED_AGENTS: usize = 1_024;

/// How long the patterns stay in memory after the last agent that is not in the cache: ten minutes.
const MAX_IDLE: Duration = Duration::from_secs(600);

/// After this many agents the patterns are compiled again, because their automata grow with the agents that they see.
const MAX_PARSED: u32 = 10_000;

/// What an agent string states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) browser: Option<ContextValue>,
    pub(crate) system: Option<ContextValue>,
    pub(crate) device: Option<Device>,
}

/// Reads agent strings.
pub(crate) struct AgentReader {
    /// Results by a hash (SipHash) of the agent string with a random key.
    recent: Cache<u64, Agent>,
    hash_key: RandomState,
    patterns: Mutex<Option<Patterns>>,
}

/// The compiled patterns of uap-core.
struct Patterns {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    last_used: Instant,
    parsed: u32,
}

/// `data/agents.json`.
#[derive(Deserialize)]
struct PatternFile {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
}

impl Default for AgentReader {
    fn default() -> Self {
        Self {
            recent: Cache::new(CACHED_AGENTS),
            hash_key: RandomState::new(),
            patterns: Mutex::new(None),
        }
    }
}

impl fmt::Debug for AgentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentReader").finish_non_exhaustive()
    }
}

impl AgentReader {
    pub(crate) fn read(&self, agent: &str) -> Agent {
        let agent = cut(agent, MAX_AGENT_BYTES);
        let hash = self.hash_key.hash_one(agent);
        if let Some(known) = self.recent.get(&hash) {
            return known;
        }
        let read = self.parse(agent);
        self.recent.insert(hash, read.clone());
        read
    }

    /// Drops the patterns if no unknown agent needed them for ten minutes.
    pub(crate) fn drop_unused_patterns(&self) {
        self.drop_patterns_idle_for(MAX_IDLE);
    }

    fn drop_patterns_idle_for(&self, idle: Duration) {
        let mut patterns = self.patterns.lock();
        if patterns
            .as_ref()
            .is_some_and(|patterns| patterns.last_used.elapsed() >= idle)
        {
            *patterns = None;
        }
    }

    fn parse(&self, agent: &str) -> Agent {
        let mut guard = self.patterns.lock();
        if guard.as_ref().is_none_or(|patterns| patterns.parsed >= MAX_PARSED) {
            // Free the memory of the old ones first.
            *guard = None;
            *guard = Patterns::compile();
        }
        let Some(patterns) = guard.as_mut() else {
            return Agent::default();
        };
        patterns.parsed += 1;
        patterns.last_used = Instant::now();
        let (found, runs_on) = (patterns.browsers.extract(agent), patterns.systems.extract(agent));
        let lower = agent.to_ascii_lowercase();
        Agent {
            browser: browser(&lower, found.as_ref().map(|found| (&*found.family, found.major))),
            system: system(
                &lower,
                runs_on.as_ref().map(|found| (&*found.os, found.major.as_deref())),
            ),
            device: Device::of_agent(&lower),
        }
    }
}

impl Patterns {
    /// Compiles the patterns, which takes about 40 ms. `None` for a damaged file, which a test excludes.
    fn compile() -> Option<Self> {
        let file: PatternFile = serde_json::from_str(include_str!("../data/agents.json")).ok()?;
        let browsers = user_agent::Builder::new().push_all(file.user_agent_parsers).ok()?;
        let systems = os::Builder::new().push_all(file.os_parsers).ok()?;
        Some(Self {
            browsers: browsers.build().ok()?,
            systems: systems.build().ok()?,
            last_used: Instant::now(),
            parsed: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

    fn parsed(reader: &AgentReader) -> Option<u32> {
        reader.patterns.lock().as_ref().map(|patterns| patterns.parsed)
    }

    #[test]
    fn patterns_are_compiled_for_unknown_agents_and_dropped_when_idle() {
        let reader = AgentReader::default();
        assert_eq!(parsed(&reader), None);
        let first = reader.read(FIREFOX);
        assert_eq!(first.browser.as_ref().map(ContextValue::as_str), Some("firefox 132"));
        assert_eq!((reader.read(FIREFOX), parsed(&reader)), (first.clone(), Some(1)));

        reader.drop_unused_patterns();
        assert_eq!(parsed(&reader), Some(1));
        reader.drop_patterns_idle_for(Duration::ZERO);
        assert_eq!(parsed(&reader), None);
        assert_eq!((reader.read(FIREFOX), parsed(&reader)), (first, None));
        assert!(reader.read("Mozilla/5.0 Firefox/131.0").browser.is_some());
        assert_eq!(parsed(&reader), Some(1));
    }

    #[test]
    fn patterns_are_compiled_again_after_many_agents() {
        let reader = AgentReader::default();
        reader.read("first");
        for patterns in reader.patterns.lock().iter_mut() {
            patterns.parsed = MAX_PARSED;
        }
        reader.read(FIREFOX);
        assert_eq!(parsed(&reader), Some(1));
    }

    #[test]
    fn the_cache_is_bounded_and_the_rest_of_a_long_agent_is_not_read() {
        let reader = AgentReader::default();
        for number in 0..CACHED_AGENTS * 2 {
            reader.read(&number.to_string());
        }
        assert!(reader.recent.len() <= CACHED_AGENTS, "{}", reader.recent.len());
        let late = format!("{}{FIREFOX}", " ".repeat(MAX_AGENT_BYTES));
        assert_eq!(reader.read(&late), Agent::default());
    }
}
