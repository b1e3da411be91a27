//! The cached answers of a rule that asks a database which pages exist.

use std::{fmt, future::Future, time::Duration};

use horizon_core::Slug;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use tokio::time::Instant;

use super::RuleError;

/// The largest number of slugs with a cached answer: 10,000, at most 6 MB.
pub(super) const MAX_ANSWERS: usize = 10_000;

/// How long the answer that a page exists is cached: one minute.
pub(super) const YES_LIFETIME: Duration = Duration::from_secs(60);

/// How long the answer that a page does not exist is cached: 10 seconds.
pub(super) const NO_LIFETIME: Duration = Duration::from_secs(10);

/// Caches which pages exist. Slugs that are asked for once do not evict those that are asked for again.
pub(super) struct PageAnswers(Cache<Slug, PageAnswer>);

#[derive(Clone, Copy)]
struct PageAnswer {
    exists: bool,
    expires: Instant,
}

impl PageAnswer {
    fn new(exists: bool) -> Self {
        let lifetime = if exists { YES_LIFETIME } else { NO_LIFETIME };
        Self {
            exists,
            expires: Instant::now() + lifetime,
        }
    }

    fn is_current(&self) -> bool {
        Instant::now() < self.expires
    }
}

impl PageAnswers {
    pub(super) fn new() -> Self {
        Self(Cache::new(MAX_ANSWERS))
    }

    /// Returns the cached answer.
    pub(super) fn get(&self, slug: &Slug) -> Option<bool> {
        let answer = self.0.get(slug).filter(PageAnswer::is_current)?;
        Some(answer.exists)
    }

    /// Returns the cached answer, or asks. Concurrent calls for one slug ask once.
    ///
    /// # Errors
    /// Those of the rule. They are not cached.
    pub(super) async fn get_or_ask(
        &self,
        slug: &Slug,
        ask: impl Future<Output = Result<bool, RuleError>>,
    ) -> Result<bool, RuleError> {
        if let Some(exists) = self.get(slug) {
            return Ok(exists);
        }
        let replace_expired = |_: &Slug, answer: &mut PageAnswer| {
            if answer.is_current() {
                EntryAction::Retain(answer.exists)
            } else {
                EntryAction::ReplaceWithGuard
            }
        };
        match self.0.entry_async(slug, replace_expired).await {
            EntryResult::Retained(exists) => Ok(exists),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => {
                let exists = ask.await?;
                // Fails only if the cache was cleared meanwhile.
                let _ = guard.insert(PageAnswer::new(exists));
                Ok(exists)
            }
            // Neither is requested above.
            EntryResult::Removed(..) | EntryResult::Timeout => ask.await,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for PageAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageAnswers").field("answers", &self.0.len()).finish()
    }
}
