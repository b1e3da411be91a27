//! EventHorizon in memory: presence, both ends of the pipe, and the store.
