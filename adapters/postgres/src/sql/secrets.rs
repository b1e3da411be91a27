//! The secrets that all processes share, the identity of the store, and whether it accepts writes.

statements! {
    SECRET(TEXT) = "SELECT value FROM secrets WHERE name = $1";

    /// Returns the secret with this name. Stores `$2` if there is none.
    ADD_SECRET(TEXT, BYTEA) = "INSERT INTO secrets (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = secrets.value RETURNING value";

    REPLACE_SECRET(TEXT, BYTEA) = "INSERT INTO secrets (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    IDENTITY() = "SELECT identity::text FROM site";

    CHECK_WRITABLE() = "UPDATE site SET last_check = now()";
}
