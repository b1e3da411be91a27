//! Transactions with a real server.
