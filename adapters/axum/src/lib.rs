//! EventHorizon over HTTP: live stream, likes, comments and stats as an axum router.
