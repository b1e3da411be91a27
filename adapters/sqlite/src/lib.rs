//! EventHorizon on SQLite: a durable store with group commit.
