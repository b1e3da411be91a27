use crate::connection::script::CachedScript;

/// The scripts of the store.
pub(super) struct StoreScripts {
    pub(super) apply: CachedScript,
    pub(super) mark_undated: CachedScript,
    pub(super) close_days: CachedScript,
    pub(super) threads: CachedScript,
    pub(super) thread: CachedScript,
    pub(super) newest: CachedScript,
    pub(super) salts: CachedScript,
    pub(super) expire_ids: CachedScript,
    pub(super) expire_states: CachedScript,
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
            apply: script!("undated.lua", "apply.lua"),
            mark_undated: script!("undated.lua", "mark_undated.lua"),
            close_days: script!("close_days.lua"),
            threads: script!("read_comments.lua", "threads.lua"),
            thread: script!("read_comments.lua", "thread.lua"),
            newest: script!("newest.lua"),
            salts: script!("salts.lua"),
            expire_ids: script!("expire_ids.lua"),
            expire_states: script!("expire_states.lua"),
            expire_visitors: script!("expire_visitors.lua"),
            expire_unlikes: script!("stamp.lua", "expire_unlikes.lua"),
        }
    }
}
