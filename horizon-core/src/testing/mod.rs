//! The conformance suites: each promise of a port as a check that an adapter can fail.
