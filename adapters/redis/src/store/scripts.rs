use crate::connection::script::CachedScript;

/// The scripts of the store.
pub(super) struct StoreScripts {
    pub(super) apply: CachedScript,
    pub(super) threads: CachedScript,
    pub(super) thread: CachedScript,
    pub(super) newest: CachedScript,
    pub(super) salts: CachedScript,
    pub(super) expire_ids: CachedScript,
    pub(super) expire_visitors: CachedScript,
    pub(super) expire_unlikes: CachedScript,
}

/// Returns the script of these files, one after the other.
macro_rules! script {
    ($($file:literal),+) => { CachedScript::new(concat!($(include_str!($file)),+)) };
}

impl StoreScripts {
    pub(super) fn new() -> Self {
        Self {
            apply: script!("stamp.lua", "apply.lua"),
            threads: script!("read_comments.lua", "threads.lua"),
            thread: script!("read_comments.lua", "thread.lua"),
            newest: script!("newest.lua"),
            salts: script!("salts.lua"),
            expire_ids: script!("expire_ids.lua"),
            expire_visitors: script!("expire_visitors.lua"),
            expire_unlikes: script!("stamp.lua", "expire_unlikes.lua"),
        }
    }
}
